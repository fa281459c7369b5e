import { fstatSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Whether a descriptor is the file in which `nohup` keeps the output: here, or in the home directory if that cannot be
 * (POSIX). Without /proc, a descriptor has no name to look up.
 */
export function isNohupFile(descriptor: number): boolean {
  try {
    const own = fstatSync(descriptor);
    const files = ['nohup.out', join(homedir(), 'nohup.out')].map((path) => statSync(path, { throwIfNoEntry: false }));
    return files.some((found) => found?.ino === own.ino && found.dev === own.dev);
  } catch {
    return false;
  }
}
