import { userInfo } from 'node:os';

/** No file can be made below it, so state is kept in memory and configuration counts as missing. */
const NO_HOME = '/dev/null';

/**
 * The home directory: `HOME` if it is absolute, else that of the user's entry in the password file. Without either, as
 * for a user id that only a container knows, it is `/dev/null`. (`os.homedir()` throws there, and takes an empty `HOME`
 * for the working directory.)
 */
export function findHome(env: Readonly<Record<string, string | undefined>>, readEntry = readUserEntry): string {
  const home = env['HOME'] ?? '';
  if (home.startsWith('/')) return home;
  const entry = readEntry()?.homedir ?? '';
  return entry.startsWith('/') ? entry : NO_HOME;
}

/**
 * Sets HOME and SHELL if they are missing, because libraries look for them in the password file and throw if the user
 * id has no entry.
 */
export function completeEnvironment(env: NodeJS.ProcessEnv): void {
  env['HOME'] = findHome(env);
  env['SHELL'] ??= '/bin/sh';
}

function readUserEntry(): { readonly homedir: string } | null {
  try {
    return userInfo();
  } catch {
    return null;
  }
}
