import { readFileSync } from 'node:fs';
import { BreakwaterError } from '../../errors.ts';

/** A file, and what names it: a flag, a variable, a field of a profile. */
export interface NamedFile {
  readonly name: string;
  readonly path: string;
}

/**
 * Reads a file that a setting names.
 * @param reason the finer word of the error
 * @throws BreakwaterError `config`
 */
export function readNamedFile({ name, path }: NamedFile, reason: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new BreakwaterError('config', `the file of ${name} cannot be read`, {
      cause: error,
      details: { reason, hint: 'check the path and its permissions' },
    });
  }
}
