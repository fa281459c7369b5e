import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** The most directories that one call creates; no valid path has more. */
const LEVELS_MAX = 4096;

/**
 * Creates a directory and its missing parents; an existing one keeps its mode. Node's recursive mkdir never returns if
 * mkdir reports ENOENT although the parent exists, as in /proc, some automounters and a removed working directory.
 * @param mode of each new directory. @default 0o777
 * @throws the system's error
 */
export function makeDirectory(path: string, mode = 0o777): void {
  const missing: string[] = [];
  let at = resolve(path);
  while (!makeOne(at, { mode, isLast: missing.length >= LEVELS_MAX || dirname(at) === at })) {
    missing.push(at);
    at = dirname(at);
  }
  for (const next of missing.toReversed()) makeOne(next, { mode, isLast: true });
}

/** False if the parent is missing. */
function makeOne(path: string, { mode, isLast }: { mode: number; isLast: boolean }): boolean {
  try {
    mkdirSync(path, mode);
    return true;
  } catch (error) {
    // An existing directory is reported as EEXIST, EROFS or EACCES, depending on the file system.
    if (isDirectory(path)) return true;
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isLast || !isMissing) throw error;
    return false;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
