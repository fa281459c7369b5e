import { statSync } from 'node:fs';
import { join } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import { NotRegularFile, readRegularFile } from '../../read-regular-file.ts';
import { parseUserFile } from './parse-user-file.ts';
import type { Environment } from './resolve-settings.ts';
import type { UserFile } from './setting-keys.ts';
import { findUserPlace } from './user-place.ts';

/**
 * Reads `$XDG_CONFIG_HOME/breakwater/config.json`, on Windows `%APPDATA%\breakwater\config.json`. A missing file counts
 * as empty. So does a file that cannot be seen below the home directory, for example because a service manager changed
 * the user but not HOME.
 * @throws BreakwaterError `config` if it cannot be read, is not a JSON object, or has a key twice
 */
export function readUserFile({ env, home }: { env: Environment; home: string }): UserFile {
  const path = findUserFile({ env, home });
  const isBelowHome = path.startsWith(join(home, '.config'));
  const text = readText(path, { isBelowHome });
  return { path, entries: text === null ? {} : parseUserFile(text, path) };
}

/** The same; a file that cannot be used counts as empty, and `onUnusable` receives why. */
export function readUsableFile(
  place: { readonly env: Environment; readonly home: string },
  onUnusable: (problem: BreakwaterError) => void,
): UserFile {
  try {
    return readUserFile(place);
  } catch (error) {
    if (!(error instanceof BreakwaterError) || error.code !== 'config') throw error;
    onUnusable(error);
    return { path: findUserFile(place), entries: {} };
  }
}

/** Where the file is, or would be. */
export function findUserFile({ env, home }: { readonly env: Environment; readonly home: string }): string {
  return join(findUserPlace('config', { env, home }), 'config.json');
}

function readText(path: string, { isBelowHome }: { isBelowHome: boolean }): string | null {
  try {
    return readRegularFile(path);
  } catch (error) {
    if (error instanceof NotRegularFile) throw new BreakwaterError('config', error.message, { cause: error });
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (isBelowHome && code === 'EACCES' && !isVisible(path)) return null;
    throw new BreakwaterError('config', `cannot read ${path}: ${String(code)}`, { cause: error });
  }
}

/** Whether a file can be seen at all, even if reading it is denied. */
function isVisible(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
