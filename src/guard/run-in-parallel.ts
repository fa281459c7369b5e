import type { RequestRunner } from './request-runner.ts';

/**
 * Starts the pieces of one operation (parts, ranges) in order, several at a time. The first failure is thrown, and
 * aborts the requests, waits and backoffs of the others.
 * @param inFlight pieces at a time, at least 1
 */
export async function runPieces<T>(
  pieces: Iterable<T>,
  { inFlight, requests }: { readonly inFlight: number; readonly requests: RequestRunner },
  work: (piece: T) => Promise<void>,
): Promise<void> {
  const iterator = pieces[Symbol.iterator]();
  const run: { failed: { error: unknown } | null } = { failed: null };
  const workOn = async (): Promise<void> => {
    try {
      for (;;) {
        if (run.failed !== null) return;
        const next = iterator.next();
        if (next.done === true) return;
        await work(next.value);
      }
    } catch (error) {
      run.failed ??= { error };
      requests.stop(error);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, workOn));
  if (run.failed !== null) throw run.failed.error;
}
