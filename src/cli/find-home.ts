import { userInfo } from 'node:os';
import { join } from 'node:path';
import { findWindowsHome, WINDOWS_NOWHERE } from '../systems/windows-places.ts';

/** No file can be made below it, so state is kept in memory and configuration counts as missing. */
const NO_HOME = '/dev/null';

interface System {
  readonly platform?: NodeJS.Platform;
  readonly readEntry?: () => { readonly homedir: string } | null;
}

/**
 * The home directory: `HOME` if it is absolute, else that of the user's entry in the password file. Without either, as
 * for a user id that only a container knows, it is `/dev/null`. (`os.homedir()` throws there, and takes an empty `HOME`
 * for the working directory.)
 */
export function findHome(
  env: Readonly<Record<string, string | undefined>>,
  { platform = process.platform, readEntry = readUserEntry }: System = {},
): string {
  if (platform === 'win32') return findWindowsHome(env, readEntry);
  const home = env['HOME'] ?? '';
  if (home.startsWith('/')) return home;
  const entry = readEntry()?.homedir ?? '';
  return entry.startsWith('/') ? entry : NO_HOME;
}

/**
 * A path that may begin with `~/`, as a shell reads that where it sees the word: not in a crontab, a unit of systemd, a
 * file, or behind a flag's `=`.
 */
export function expandHome(path: string, home: string): string {
  return path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path;
}

/** A path below which no file can be made. */
export function findNoDirectory(platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? WINDOWS_NOWHERE : NO_HOME;
}

/**
 * Sets HOME and SHELL if they are missing, because libraries look for them in the password file and throw if the user
 * id has no entry. Windows has no such file, and no `/bin/sh`.
 */
export function completeEnvironment(env: NodeJS.ProcessEnv, system: System = {}): void {
  env['HOME'] = findHome(env, system);
  if ((system.platform ?? process.platform) !== 'win32') env['SHELL'] ??= '/bin/sh';
}

function readUserEntry(): { readonly homedir: string } | null {
  try {
    return userInfo();
  } catch {
    return null;
  }
}
