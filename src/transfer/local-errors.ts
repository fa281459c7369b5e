import { statSync, type Stats } from 'node:fs';
import { BreakwaterError } from '../errors.ts';

/** The error to report when a local path cannot be read. */
export function readError(path: string, error: unknown): BreakwaterError {
  const code = readSystemCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new BreakwaterError('not_found', `${path} does not exist`, {
      cause: error,
      details: { hint: 'check the path' },
    });
  }
  if (code === 'ELOOP') {
    return new BreakwaterError('not_found', `${path} is a symbolic link loop`, { cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new BreakwaterError('local_io', `cannot read ${path}: permission denied`, {
      cause: error,
      details: { hint: 'check its permissions and those of the directories above it' },
    });
  }
  return new BreakwaterError('local_io', `cannot read ${path}: ${code ?? 'unknown error'}`, { cause: error });
}

/** The code of a Node system error, such as `ENOENT`; null for any other error. */
export function readSystemCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** The stats of a path, following links; null if it is missing or cannot be read. */
export function statOrNull(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}
