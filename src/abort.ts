/**
 * What a source yields until it ends or the signal is aborted; an abort is no error and does not wait for the source,
 * which may be in the middle of a request.
 */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  // One race per item, none with a promise that lasts: that would keep every item until the abort.
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
    // It lets go when it gets to it; what it then meets is of no interest any more.
    iterator.return?.().catch(() => undefined);
  }
}
