import type { Clock } from '../../src/clock.ts';

interface Sleeper {
  readonly dueAtMs: number;
  readonly wake: () => void;
}

/** Time that passes only when a test says so; sleepers wake in the order of their due times. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #wallOffsetMs = 0;
  readonly #sleepers = new Set<Sleeper>();

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  readonly now = (): number => this.#nowMs + this.#wallOffsetMs;
  readonly monotonic = (): number => this.#nowMs;

  readonly sleep = async (delayMs: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        dueAtMs: this.#nowMs + delayMs,
        wake: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  };

  /** Lets `ms` pass; everything that becomes due runs at its own time. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await turn();
    for (;;) {
      const next = [...this.#sleepers].toSorted((a, b) => a.dueAtMs - b.dueAtMs)[0];
      if (next === undefined || next.dueAtMs > endMs) break;
      this.#sleepers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueAtMs);
      next.wake();
      await turn();
    }
    this.#nowMs = endMs;
  }

  /** Steps the wall clock alone, as an administrator or a time server does. */
  stepWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** Lets time pass until `promise` settles; fails when nothing is left that could settle it. */
  async runUntilSettled<T>(promise: Promise<T>): Promise<T> {
    const isSettled = watchSettled(promise);
    for (;;) {
      await turn();
      if (isSettled()) return await promise;
      const dueTimes = [...this.#sleepers].map(({ dueAtMs }) => dueAtMs);
      if (dueTimes.length === 0) throw new Error('the promise is pending and nobody sleeps: it would never settle');
      await this.advance(Math.min(...dueTimes) - this.#nowMs);
    }
  }

  get sleeping(): number {
    return this.#sleepers.size;
  }
}

/** One turn of the event loop: every microtask and settled file operation in between has run. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Whether a promise has settled by now. */
export function watchSettled(promise: Promise<unknown>): () => boolean {
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
  };
  promise.then(settle, settle);
  return () => isSettled;
}
