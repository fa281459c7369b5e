/**
 * Yields the items of a source until it ends or the signal is aborted. An abort is not an error, and does not wait for
 * the source, which may be in the middle of a request.
 */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  // Each item races on its own. Racing against one lasting promise would keep every item in memory until the abort.
  let giveUp: (() => void) | null = null;
  const onAbort = (): void => giveUp?.();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!signal.aborted) {
      const next = await new Promise<IteratorResult<T> | null>((resolve, reject) => {
        giveUp = () => resolve(null);
        iterator.next().then(resolve, reject);
      });
      if (next === null || next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Closed in the background; late errors are ignored.
    iterator.return?.().catch(() => undefined);
  }
}

/** Resolves when the signal is aborted. An abort is not an error: it is how a server is told to stop. */
export async function waitForAbort(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
