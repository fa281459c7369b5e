import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import { xdgDirectory, type Environment, type UserFile } from './resolve-settings.ts';

/**
 * Reads `$XDG_CONFIG_HOME/breakwater/config.json`; a missing file counts as empty.
 * @throws BreakwaterError `config` if it cannot be read or is not a JSON object
 */
export function readUserFile({ env, home }: { env: Environment; home: string }): UserFile {
  const path = join(xdgDirectory(env['XDG_CONFIG_HOME'], join(home, '.config')), 'breakwater', 'config.json');
  const text = readText(path);
  return { path, entries: text === null ? {} : parseEntries(text, path) };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new BreakwaterError('config', `cannot read ${path}: ${String(code)}`, { cause: error });
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
    // The parser's message quotes the file, which may hold secrets.
    throw new BreakwaterError('config', `${path} is not valid JSON`, { cause: error });
  }
}
