import { join, resolve } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import { escapeControls } from '../../ui/escape.ts';
import type { Setting } from './setting.ts';
import { SETTING_TABLE } from './setting-table.ts';

type Table = typeof SETTING_TABLE;
type Resolved = { readonly [K in keyof Table]: Table[K] extends Setting<infer T> ? T : never };

/** Everything that can be set, validated: times in ms, paths absolute. Null means "not said". */
export type Settings = Omit<Resolved, 'stateDirectory'> & {
  /** Absolute; need not exist. */
  readonly stateDirectory: string;
};

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SettingSources {
  /** By flag name without dashes, only what stands on the command line. */
  readonly flags: Readonly<Record<string, string | boolean>>;
  readonly env: Environment;
  readonly file: UserFile;
  readonly home: string;
}

/** The user's file, parsed as JSON but not yet checked. */
export interface UserFile {
  readonly path: string;
  readonly entries: Readonly<Record<string, unknown>>;
}

/**
 * Decides every setting: flag over environment over user file over default. An empty environment value is unset.
 * @throws BreakwaterError `usage` for a bad flag, `config` for a bad value or unknown key elsewhere
 */
export function resolveSettings(sources: SettingSources): Settings {
  refuseUnknownKeys(sources.file);
  const table: Readonly<Record<string, Setting<unknown>>> = SETTING_TABLE;
  const entries = Object.entries(table).map(([name, setting]) => [name, decideSetting(setting, sources)]);
  // The table's own names and parsers made these entries.
  const resolved = Object.fromEntries(entries) as Resolved;
  return { ...resolved, stateDirectory: resolve(resolved.stateDirectory ?? defaultStateDirectory(sources)) };
}

/** The environment variable of a flag: `state-dir` is `BREAKWATER_STATE_DIR`. */
export function environmentName(flag: string): string {
  return `BREAKWATER_${fileKey(flag).toUpperCase()}`;
}

/** The user file's key of a flag: `state-dir` is `state_dir`. */
export function fileKey(flag: string): string {
  return flag.replaceAll('-', '_');
}

/** A directory of the XDG base directory specification; a relative value counts as unset, as it says. */
export function xdgDirectory(value: string | undefined, fallback: string): string {
  return value?.startsWith('/') === true ? value : fallback;
}

function defaultStateDirectory({ env, home }: SettingSources): string {
  return join(xdgDirectory(env['XDG_STATE_HOME'], join(home, '.local', 'state')), 'breakwater');
}

/** Decides one setting by the same precedence. @throws BreakwaterError `usage` or `config` */
export function decideSetting<T>(setting: Setting<T>, { flags, env, file }: SettingSources): T {
  const { flag } = setting;
  const given = flags[flag];
  if (given !== undefined) return read(setting, { name: `--${flag}`, value: given, code: 'usage' });
  const variable = environmentName(flag);
  const set = env[variable] ?? '';
  if (set !== '') return read(setting, { name: variable, value: set, code: 'config' });
  const key = fileKey(flag);
  const stored = file.entries[key];
  if (stored !== undefined) return read(setting, { name: `${key} in ${file.path}`, value: stored, code: 'config' });
  return setting.fallback;
}

function read<T>(
  setting: Setting<T>,
  { name, value, code }: { name: string; value: unknown; code: 'usage' | 'config' },
): T {
  const isText = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  const parsed = isText ? setting.parse(String(value)) : undefined;
  if (parsed !== undefined) return parsed;
  throw refuseValue({ name, value, accepts: setting.accepts, code });
}

/** The error of a bad value: what it was given for, the value, and what is accepted. */
export function refuseValue(refused: {
  readonly name: string;
  readonly value: unknown;
  readonly accepts: string;
  readonly code?: 'usage' | 'config';
}): BreakwaterError {
  const { name, value, accepts, code = 'usage' } = refused;
  const shown = escapeControls(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')).slice(0, 200);
  const hint =
    code === 'usage' ? `correct ${name}; --help tells its unit and default` : `correct ${name}, or take it away`;
  return new BreakwaterError(code, `${name}: "${shown}" is not accepted; expected ${accepts}`, {
    details: { reason: 'bad_value', hint },
  });
}

function refuseUnknownKeys({ path, entries }: UserFile): void {
  const known = Object.values(SETTING_TABLE).map(({ flag }) => fileKey(flag));
  const unknown = Object.keys(entries).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new BreakwaterError('config', `unknown setting "${escapeControls(unknown)}" in ${path}`, {
    details: { reason: 'unknown_setting', hint: `known are ${known.join(', ')}` },
  });
}
