import { BreakwaterError } from '../../errors.ts';

const WORDS = { stdout: 'standard output', stderr: 'standard error' } as const;

/** The error for output that could not be written; null if its reader closed the pipe, which is not an error. */
export function lostError(error: unknown, name: keyof typeof WORDS): BreakwaterError | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  if (code === 'EPIPE') return null;
  return new BreakwaterError('local_io', `cannot write to ${WORDS[name]}: ${code}`, {
    cause: error,
    details: { hint: 'check the free space where it goes; the command itself has ended' },
  });
}
