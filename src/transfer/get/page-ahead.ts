import { BreakwaterError } from '../../errors.ts';

/**
 * Passes on pages, and asks for the next one while the last is being worked on: with many small objects on a page, the
 * transfers would wait for each listing. Holds two pages at most.
 * @param open opens the pages; its signal aborts when no more are needed, for the request of the page that is ahead
 */
export async function* readAhead<T>(open: (signal: AbortSignal) => AsyncGenerator<T>): AsyncGenerator<T> {
  const stop = new AbortController();
  const pages = open(stop.signal);
  let next = pages.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done === true) return;
      next = pages.next();
      // Its error belongs to whoever asks for that page.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    stop.abort(new BreakwaterError('interrupted', 'the rest of the listing is not needed'));
    await next.catch(() => undefined);
  }
}
