import type { Clock } from './clock.ts';

/** Shared by all listeners, because a tree of small objects adds thousands. */
const ONCE = { once: true } as const;
const NOTHING: Disposable = { [Symbol.dispose]: () => undefined };
/** Without a reason, each abort creates an error with a stack. */
const DISPOSED = 'disposed';
const ENDED = 'ended';

/**
 * Calls `fn` once with the reason when the signal aborts, or at once if it already has. Dispose to stop listening.
 * Cheaper than `AbortSignal.any`, whose signals last as long as their source.
 */
export function onAbort(signal: AbortSignal, fn: (reason: unknown) => void): Disposable {
  if (signal.aborted) {
    fn(signal.reason);
    return NOTHING;
  }
  const { all, end } = listening.get(signal) ?? listen(signal);
  const call = (reason: unknown): void => fn(reason);
  all.add(call);
  return {
    [Symbol.dispose]: () => {
      if (all.delete(call) && all.size === 0) end();
    },
  };
}

interface Listening {
  readonly all: Set<(reason: unknown) => void>;
  /** A signal that somebody listens to may not be garbage collected. */
  readonly end: () => void;
}

/** One listener for each signal: another one is compared with all that are there, and a run has one for each request in flight. */
const listening = new WeakMap<AbortSignal, Listening>();

function listen(signal: AbortSignal): Listening {
  const all: Listening['all'] = new Set();
  const callAll = (): void => {
    for (const call of all) {
      all.delete(call);
      call(signal.reason);
    }
  };
  const end = (): void => {
    listening.delete(signal);
    signal.removeEventListener('abort', callAll);
  };
  const made = { all, end };
  listening.set(signal, made);
  signal.addEventListener('abort', callAll, ONCE);
  return made;
}

/** Calls `fn` once after `ms` ms, unless disposed first. */
export function after(clock: Pick<Clock, 'sleep'>, ms: number, fn: () => void): Disposable {
  const stopped = new AbortController();
  const run = (): void => {
    // Disposed between the end of the wait and this call.
    if (!stopped.signal.aborted) fn();
  };
  // A disposed timer rejects its sleep.
  void clock.sleep(ms, stopped.signal).then(run, () => undefined);
  return { [Symbol.dispose]: () => stopped.abort(DISPOSED) };
}

/**
 * Waits until `wait` ends or `end` aborts, which is not an error, or `signal` aborts, which is.
 * @throws the reason of `signal`, or the error of `wait`
 */
export async function waitUnless(
  wait: (signal: AbortSignal) => Promise<void>,
  { signal, end }: { readonly signal: AbortSignal; readonly end: AbortSignal },
): Promise<void> {
  signal.throwIfAborted();
  const stop = new AbortController();
  using _signal = onAbort(signal, (reason) => stop.abort(reason));
  using _end = onAbort(end, () => stop.abort(ENDED));
  try {
    await wait(stop.signal);
  } catch (error) {
    if (error !== ENDED) throw error;
  }
}

/** A recurring event, unlike a signal. */
export class Pulse {
  #next = new AbortController();

  /** Aborts when the event next occurs. */
  get next(): AbortSignal {
    return this.#next.signal;
  }

  fire(): void {
    const fired = this.#next;
    this.#next = new AbortController();
    fired.abort(ENDED);
  }
}

export interface Interval {
  /** Wait before the first call, in ms. @default everyMs */
  readonly firstMs?: number;
  /** Wait between the end of one call and the next, in ms. */
  readonly everyMs: number;
}

/**
 * Calls `fn` repeatedly until disposed. The first failure ends the loop, and its error is ignored: this is for work
 * that must not fail a transfer.
 */
export function every(
  clock: Pick<Clock, 'sleep'>,
  interval: number | Interval,
  fn: () => void | Promise<void>,
): Disposable {
  const stopped = new AbortController();
  const { everyMs, firstMs = everyMs }: Interval = typeof interval === 'number' ? { everyMs: interval } : interval;
  const run = async (): Promise<void> => {
    for (let waitMs = firstMs; ; waitMs = everyMs) {
      await clock.sleep(waitMs, stopped.signal);
      // Disposed between the end of the wait and this call.
      stopped.signal.throwIfAborted();
      await fn();
    }
  };
  // Disposing rejects the sleep, which ends the loop.
  run().catch(() => undefined);
  return { [Symbol.dispose]: () => stopped.abort(DISPOSED) };
}

/**
 * Yields items until the source ends or the signal aborts. An abort is not an error, and does not wait for the source,
 * which may be in the middle of a request.
 */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  // A new promise for each item: racing against one lasting promise would keep every item in memory until the abort.
  let giveUp: (() => void) | null = null;
  using _listening = onAbort(signal, () => giveUp?.());
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
    // Closed in the background; late errors are ignored.
    iterator.return?.().catch(() => undefined);
  }
}

/** Resolves when the signal aborts. An abort is not an error here: it is how a server stops. */
export async function waitForAbort(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => void onAbort(signal, () => resolve()));
}
