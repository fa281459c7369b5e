import { join } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import { NotRegularFile, readRegularFile } from '../../files/read-regular-file.ts';
import { explainSystemError, readSystemCode } from '../../files/system-error.ts';
import { expandHome } from '../find-home.ts';
import type { SettingSources } from './resolve-settings.ts';

export const AWS_FILES = [
  { variable: 'AWS_CONFIG_FILE', name: 'config' },
  { variable: 'AWS_SHARED_CREDENTIALS_FILE', name: 'credentials' },
] as const;

type AwsFile = (typeof AWS_FILES)[number];
type Place = Pick<SettingSources, 'env' | 'home'>;

/** The text of both AWS files; empty where one cannot be read. @throws BreakwaterError `config` */
export function readAwsFiles(place: Place): { readonly config: string; readonly credentials: string } {
  const [config = '', credentials = ''] = AWS_FILES.map((file) => readAwsFile(file, place));
  return { config, credentials };
}

/**
 * The AWS file that is there and cannot be read, and why, in words; null if there is none. Neither this program nor the
 * SDK fails for it, because its contents may not be needed.
 */
export function findUnreadableFile(place: Place): string | null {
  for (const file of AWS_FILES) {
    const path = findAwsFile(file, place);
    try {
      readRegularFile(path);
    } catch (error) {
      const code = readSystemCode(error);
      if (code !== null && code !== 'ENOENT' && code !== 'ENOTDIR')
        return `cannot read ${path}: ${explainSystemError(error) ?? code}`;
    }
  }
  return null;
}

function findAwsFile({ variable, name }: AwsFile, { env, home }: Place): string {
  return expandHome(nonEmpty(env[variable]) ?? join('~', '.aws', name), home);
}

/**
 * An unreadable file counts as empty, as for the SDK: `findUnreadableFile` says so where something is missing. A named
 * pipe is refused here, because the SDK would wait for it forever.
 * @throws BreakwaterError `config`
 */
export function readAwsFile(file: AwsFile, place: Place): string {
  try {
    return readRegularFile(findAwsFile(file, place));
  } catch (error) {
    if (error instanceof NotRegularFile) {
      throw new BreakwaterError('config', error.message, {
        cause: error,
        details: { hint: 'check AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE' },
      });
    }
    return '';
  }
}

/** The text; null for one that is not set, or empty. */
export function nonEmpty(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}
