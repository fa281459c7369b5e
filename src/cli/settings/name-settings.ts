import type { SettingNames } from '../../setting-names.ts';
import type { Environment, Settings } from './resolve-settings.ts';
import { SETTING_TABLE } from './setting-table.ts';

/** A setting and what has set it, in the order of precedence. */
export type Named = readonly [name: string, value: string | null];

/** The first that is set; null if none is. */
export function firstSet(candidates: readonly Named[]): { readonly name: string; readonly value: string } | null {
  for (const [name, value] of candidates) if (value !== null && value !== '') return { name, value };
  return null;
}

/** The flag, variable or key of the user file that has set one of our settings. */
export function nameWish(setting: keyof Settings['origins'], { origins }: Partial<Pick<Settings, 'origins'>>): string {
  return origins?.[setting] ?? `--${SETTING_TABLE[setting].flag}`;
}

/**
 * Where the credentials come from. As in the SDK, a named profile comes before the variables.
 * @param profile as `profile "x" (AWS_PROFILE)`; null if none is named
 */
export function nameCredentials(profile: string | null, env: Environment): SettingNames['credentials'] {
  if (profile !== null) return profile;
  const isInEnvironment = (env['AWS_ACCESS_KEY_ID'] ?? '') !== '' && (env['AWS_SECRET_ACCESS_KEY'] ?? '') !== '';
  return isInEnvironment ? 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY' : null;
}

/** The variable that is missing beside the other one of the two keys; null if both are set, or none. */
export function nameMissingKey(env: Environment): string | null {
  const [hasId, hasSecret] = [env['AWS_ACCESS_KEY_ID'], env['AWS_SECRET_ACCESS_KEY']].map((key) => (key ?? '') !== '');
  if (hasId === hasSecret) return null;
  return hasId === true ? 'AWS_SECRET_ACCESS_KEY' : 'AWS_ACCESS_KEY_ID';
}
