import { lstatSync, statSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import { NotRegularFile, readRegularFile } from '../../files/read-regular-file.ts';
import { parseUserFile } from './parse-user-file.ts';
import type { Environment } from './resolve-settings.ts';
import type { UserFile } from './setting-keys.ts';
import { findUserPlace } from './user-place.ts';

/**
 * Reads `$XDG_CONFIG_HOME/breakwater/config.json`, on Windows `%APPDATA%\breakwater\config.json`. A missing file counts
 * as empty. So does a file below the home directory that cannot be seen because of a directory of another user, for example
 * because a service manager changed the user but not HOME.
 * @throws BreakwaterError `config` if it is behind a symbolic link that leads nowhere, cannot be read, is not a JSON object, or has a key twice
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
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      refuseDanglingLink(path);
      return null;
    }
    if (isBelowHome && code === 'EACCES' && isBehindAnother(path)) return null;
    throw new BreakwaterError('config', `cannot read ${path}: ${String(code)}`, { cause: error });
  }
}

/**
 * A link that leads nowhere is a mistake, such as files of a dotfile manager that are not there: of the file, of its directory
 * or of the one above.
 * @throws BreakwaterError `config`
 */
function refuseDanglingLink(path: string): void {
  const link = [path, dirname(path), dirname(dirname(path))].find(
    (place) => lookAt(lstatSync, place)?.isSymbolicLink() === true && lookAt(statSync, place) === null,
  );
  if (link === undefined) return;
  const what = link === path ? 'it' : link;
  throw new BreakwaterError('config', `cannot read ${path}: ${what} is a symbolic link that leads nowhere`, {
    details: { reason: 'dangling_link', hint: 'put its target there, or remove the link' },
  });
}

/** Whether the directory that hides the file belongs to another user. One of our own is a mistake that we can correct. */
function isBehindAnother(path: string): boolean {
  if (lookAt(statSync, path) !== null) return false;
  for (let place = dirname(path); ; place = dirname(place)) {
    const found = lookAt(statSync, place);
    if (found !== null) return found.uid !== process.getuid?.();
    if (place === dirname(place)) return true;
  }
}

/** Null where nothing can be seen. */
function lookAt(look: (path: string) => Stats, path: string): Stats | null {
  try {
    return look(path);
  } catch {
    return null;
  }
}
