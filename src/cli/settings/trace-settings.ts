import { maskCredentials } from '../../mask-credentials.ts';
import { maskUrl } from './mask-url.ts';
import { type Environment, type Settings } from './resolve-settings.ts';
import { environmentName, fileKey, findFileKey, type UserFile } from './setting-keys.ts';
import type { FileValue, Setting } from './setting.ts';
import { SETTING_TABLE } from './setting-table.ts';

/** Where a value comes from; `aws_file`: the shared config or credentials file. */
export type SettingSource = 'flag' | 'environment' | 'file' | 'aws_file' | 'default';

/** A value, and what has set it. */
export interface TracedValue {
  /** As the user file takes it; a secret is masked. Null: not set. */
  readonly value: FileValue;
  readonly source: SettingSource;
  /** The flag, the variable or the key that has set it; null for a default. */
  readonly setBy: string | null;
}

/** One of our settings. */
export interface TracedSetting extends TracedValue {
  /** The key of the user file. */
  readonly key: string;
  readonly flag: string;
  readonly variable: string;
  /** What holds while it is not set, for people; null if that is nothing. */
  readonly otherwise: string | null;
}

interface TraceSources {
  readonly settings: Settings;
  /** The names of the flags on the command line. */
  readonly given: ReadonlySet<string>;
  readonly env: Environment;
  readonly file: UserFile;
}

/** Every setting in the order of the table, with its value after all precedence. */
export function traceSettings(sources: TraceSources): readonly TracedSetting[] {
  return Object.entries<Setting<unknown>>(SETTING_TABLE).map(([name, setting]) => {
    const { flag, shownDefault, shownForm } = setting;
    // Both have the names of the table.
    const value = setting.format(sources.settings[name as keyof typeof SETTING_TABLE]);
    return {
      key: fileKey(flag),
      flag: `--${flag}`,
      variable: environmentName(flag),
      value: typeof value === 'string' ? maskText(value, shownForm) : value,
      otherwise: value === null ? shownDefault : null,
      ...findSource(flag, sources),
    };
  });
}

/** A URL with credentials may stand anywhere by mistake. */
function maskText(value: string, shownForm: RegExp | undefined): string {
  return shownForm === undefined ? maskCredentials(value) : maskUrl(value, shownForm);
}

function findSource(flag: string, { given, env, file }: TraceSources): Pick<TracedValue, 'source' | 'setBy'> {
  if (given.has(flag)) return { source: 'flag', setBy: `--${flag}` };
  const variable = environmentName(flag);
  if ((env[variable] ?? '') !== '') return { source: 'environment', setBy: variable };
  const key = findFileKey(flag, file);
  return key === undefined ? { source: 'default', setBy: null } : { source: 'file', setBy: `${key} in ${file.path}` };
}
