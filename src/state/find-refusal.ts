import { accessSync, constants, existsSync, lstatSync, mkdtempSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SUFFIXES } from './suffixes.ts';

/**
 * Why nothing can be written to a state file: the system's error; null if that is not why. Tried, because permissions
 * alone do not tell: of a read-only mount, of /proc, of a quota, or for root.
 */
export function findRefusal(path: string): unknown {
  try {
    refuseUnwritable(path);
    rmdirSync(makeTrialDirectory(dirname(path)));
    return null;
  } catch (error) {
    return error;
  }
}

/** @throws the system's error if the file, or one beside it, is there and cannot be read and written */
export function refuseUnwritable(path: string): void {
  for (const suffix of SUFFIXES) {
    const file = `${path}${suffix}`;
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK);
  }
}

/** Makes a directory in this one, or in the nearest one above it that is there. @throws the system's error */
export function makeTrialDirectory(directory: string): string {
  // A link that leads nowhere is there, and no directory can be made in its place.
  const found = lstatSync(directory, { throwIfNoEntry: false });
  const parent = dirname(directory);
  if (found === undefined && parent !== directory) return makeTrialDirectory(parent);
  return mkdtempSync(join(directory, '.breakwater-'));
}
