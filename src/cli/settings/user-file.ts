import { statSync } from 'node:fs';
import { join } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import { NotRegularFile, readRegularFile } from '../../read-regular-file.ts';
import { xdgDirectory, type Environment, type UserFile } from './resolve-settings.ts';

/**
 * Reads `$XDG_CONFIG_HOME/breakwater/config.json`. A missing file counts as empty. So does a file that cannot be seen
 * below the home directory, for example because a service manager changed the user but not HOME.
 * @throws BreakwaterError `config` if it cannot be read or is not a JSON object
 */
export function readUserFile({ env, home }: { env: Environment; home: string }): UserFile {
  const path = join(xdgDirectory(env['XDG_CONFIG_HOME'], join(home, '.config')), 'breakwater', 'config.json');
  const isBelowHome = path.startsWith(join(home, '.config'));
  const text = readText(path, { isBelowHome });
  return { path, entries: text === null ? {} : parseEntries(text, path) };
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

function parseEntries(text: string, path: string): Readonly<Record<string, unknown>> {
  const entries = parseJson(text, path);
  if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) {
    throw new BreakwaterError('config', `${path} is not a JSON object`);
  }
  return Object.fromEntries(Object.entries(entries));
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser's message quotes the file, which may contain secrets.
    throw new BreakwaterError('config', `${path} is not valid JSON`, { cause: error });
  }
}
