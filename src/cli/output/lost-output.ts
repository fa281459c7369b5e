import { BreakwaterError } from '../../errors.ts';
import type { Screens } from './output.ts';

const WATCHERS = new Set<(error: Error) => void>();

/**
 * Watches for output that could not be written, as on a full disk. A reader that closed its pipe has read enough, which
 * is not an error.
 * @returns the first failure so far; null for none
 */
export function watchForLostOutput({ stdout, stderr }: Screens): () => BreakwaterError | null {
  let lost: BreakwaterError | null = null;
  const watch = (stream: Screens['stdout'], name: string): void => {
    const note = (error: Error): void => {
      lost ??= lostError(error, name);
    };
    WATCHERS.add(note);
    stream.on('error', note);
  };
  watch(stdout, 'standard output');
  watch(stderr, 'standard error');
  return () => lost;
}

/** Removes every listener for failed writes that was not added here. */
export function keepOnlyWatchers(stream: NodeJS.WriteStream): void {
  // The listeners of an event are functions; Node's type does not say of what.
  for (const listener of stream.listeners('error') as ((error: Error) => void)[]) {
    if (!WATCHERS.has(listener)) stream.off('error', listener);
  }
}

function lostError(error: Error, name: string): BreakwaterError | null {
  const code = 'code' in error ? String(error.code) : 'unknown error';
  if (code === 'EPIPE') return null;
  return new BreakwaterError('local_io', `cannot write to ${name}: ${code}`, {
    cause: error,
    details: { hint: 'check the free space where it goes; the command itself has ended' },
  });
}
