import { parseIni } from './aws-config.ts';
import { readAwsFiles } from './aws-files.ts';
import type { SettingSources } from './resolve-settings.ts';

/** The names of all profiles in the shared AWS files. @throws BreakwaterError `config` if one is not a regular file */
export function listProfiles(place: Pick<SettingSources, 'env' | 'home'>): readonly string[] {
  const { config, credentials } = readAwsFiles(place);
  const named = [...parseIni(config).keys()].flatMap((section) => {
    if (section === 'default') return [section];
    return section.startsWith('profile ') ? [section.slice('profile '.length)] : [];
  });
  return [...named, ...parseIni(credentials).keys()];
}
