import { resolve } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import { quoteGiven } from '../../mask-credentials.ts';
import { expandHome } from '../find-home.ts';
import { checkKeys } from './parse-user-file.ts';
import { environmentName, findFileKey, type UserFile } from './setting-keys.ts';
import type { Setting } from './setting.ts';
import { SETTING_TABLE } from './setting-table.ts';
import { findUserPlace } from './user-place.ts';

type Table = typeof SETTING_TABLE;
type Resolved = { readonly [K in keyof Table]: Table[K] extends Setting<infer T> ? T : never };

/** Every setting, validated: times in ms, absolute paths. Null means "not set". */
export type Settings = Omit<Resolved, 'stateDirectory'> & {
  /** Absolute; need not exist. */
  readonly stateDirectory: string;
  /** What has set these, for messages: a flag, a variable or a key of the user file. Absent: nothing has. */
  readonly origins: Readonly<Partial<Record<(typeof NAMED)[number], string>>>;
};

/** The settings that messages name by what has set them. */
const NAMED = [
  'endpointUrl',
  'region',
  'profile',
  'json',
  'deadlineMs',
  'failureThreshold',
  'push',
  'pushCa',
  'fleet',
  'fleetQuorum',
  'fleetCa',
] as const;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SettingSources {
  /** By flag name without dashes; only flags on the command line. */
  readonly flags: Readonly<Record<string, string | boolean>>;
  readonly env: Environment;
  readonly file: UserFile;
  readonly home: string;
  /** Receives what is not accepted outside of flags; its setting then has its default. @default it is thrown */
  readonly onUnusable?: (problem: BreakwaterError) => void;
}

/**
 * Resolves every setting. Precedence: flag, environment, user file, default. An empty variable counts as unset.
 * @throws BreakwaterError `usage` for a bad flag, `config` for a bad value or unknown key elsewhere
 */
export function resolveSettings(sources: SettingSources): Settings {
  // Most have no such file, and what reads it is loaded only then.
  if (Object.keys(sources.file.entries).length > 0) orUnusable(sources, () => checkKeys(sources.file), undefined);
  const table: Readonly<Record<string, Setting<unknown>>> = SETTING_TABLE;
  const entries = Object.entries(table).map(([name, setting]) => [
    name,
    orUnusable(sources, () => decideSetting(setting, sources), setting.fallback),
  ]);
  // The entries come from the names and parsers of the table.
  const resolved = Object.fromEntries(entries) as Resolved;
  return {
    ...resolved,
    stateDirectory: resolve(resolved.stateDirectory ?? findUserPlace('state', sources)),
    origins: Object.fromEntries(
      NAMED.flatMap((name) => {
        const found = findValue(SETTING_TABLE[name].flag, sources);
        return found === null ? [] : [[name, found.name]];
      }),
    ),
  };
}

/** Resolves one setting with the same precedence. @throws BreakwaterError `usage` or `config` */
export function decideSetting<T>(setting: Setting<T>, sources: SettingSources): T {
  const found = findValue(setting.flag, sources);
  return found === null ? setting.fallback : read(setting, found, sources.home);
}

/** What `decide` returns, or the fallback if that cannot be used and a reader of such faults is there. */
function orUnusable<T>({ onUnusable }: SettingSources, decide: () => T, fallback: T): T {
  try {
    return decide();
  } catch (error) {
    if (onUnusable === undefined || !(error instanceof BreakwaterError) || error.code !== 'config') throw error;
    onUnusable(error);
    return fallback;
  }
}

interface Found {
  /** What has set it, as messages name it. */
  readonly name: string;
  readonly value: unknown;
  /** The code of the error if the value is not accepted. */
  readonly code: 'usage' | 'config';
  /** There it has a type; elsewhere all is text. @default false */
  readonly isFromFile?: boolean;
}

function findValue(flag: string, { flags, env, file }: SettingSources): Found | null {
  const given = flags[flag];
  if (given !== undefined) return { name: `--${flag}`, value: given, code: 'usage' };
  const variable = environmentName(flag);
  const set = env[variable] ?? '';
  if (set !== '') return { name: variable, value: set, code: 'config' };
  const key = findFileKey(flag, file);
  if (key === undefined) return null;
  return { name: `${key} in ${file.path}`, value: file.entries[key], code: 'config', isFromFile: true };
}

function read<T>(setting: Setting<T>, { name, value, code, isFromFile = false }: Found, home: string): T {
  const { shownForm, fileType } = setting;
  const isRightType = isFromFile ? typeof value === fileType : typeof value === 'string' || typeof value === 'boolean';
  const expand = (text: string): string => (setting.isPath === true ? expandHome(text, home) : text);
  // Other values, such as a number too large for JSON, have no text of their own.
  const parsed = isRightType ? setting.parse(expand(String(value))) : undefined;
  if (parsed !== undefined) return parsed;
  const accepts = `${setting.accepts}${isFromFile ? adviseQuotes(value, fileType) : ''}`;
  throw refuseValue({ name, value, accepts, code, isHidden: shownForm !== undefined });
}

function adviseQuotes(value: unknown, fileType: Setting<unknown>['fileType']): string {
  if (fileType === 'string') return typeof value === 'string' ? '' : ', in double quotes';
  return typeof value === 'string' ? ', without quotes' : '';
}

/** The error for a bad value: the setting, the value without credentials, and what is accepted. */
export function refuseValue(refused: {
  readonly name: string;
  readonly value: unknown;
  readonly accepts: string;
  readonly code?: 'usage' | 'config';
  readonly isHidden?: boolean;
}): BreakwaterError {
  const { name, value, accepts, code = 'usage', isHidden = false } = refused;
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  const shown = isHidden ? 'the value' : quoteGiven(text);
  const hint = code === 'usage' ? `fix ${name}; see --help` : `fix or unset ${name}`;
  return new BreakwaterError(code, `${name}: ${shown} is not accepted; expected ${accepts}`, {
    details: { reason: 'bad_value', hint },
  });
}
