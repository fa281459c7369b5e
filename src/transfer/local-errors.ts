import { BreakwaterError } from '../errors.ts';
import { readSystemCode } from './system-error.ts';

/** What Node says when something local cannot be read, in the words of the error to report. */
export function describeUnreadable(path: string, error: unknown): BreakwaterError {
  const code = readSystemCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new BreakwaterError('not_found', `${path} does not exist`, {
      cause: error,
      details: { hint: 'check the path' },
    });
  }
  if (code === 'ELOOP') {
    return new BreakwaterError('not_found', `${path} is a link that leads in a circle`, { cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new BreakwaterError('local_io', `cannot read ${path}: permission denied`, {
      cause: error,
      details: { hint: 'check its permissions and those of the directories above it' },
    });
  }
  return new BreakwaterError('local_io', `cannot read ${path}: ${code ?? 'unknown error'}`, { cause: error });
}
