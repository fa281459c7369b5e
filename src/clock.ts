import { clearTimeout, setTimeout } from 'node:timers';

/** The time. Whatever needs the time takes a clock, so that tests run on virtual time. */
export interface Clock {
  /** Wall clock, in ms since the Unix epoch; shared by processes and reboots, may step. */
  readonly now: () => number;
  /** Monotonic clock, in ms from an arbitrary start; for durations inside one process. */
  readonly monotonic: () => number;
  /**
   * Waits `delayMs` ms.
   * @throws the signal's reason as soon as `signal` aborts.
   */
  readonly sleep: (delayMs: number, signal?: AbortSignal) => Promise<void>;
}

/**
 * The machine's clock; the only place that reads it. The timers of `node:timers/promises` create an error with a stack
 * on each abort, and nearly every request aborts one.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (delayMs, signal) => {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, delayMs);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  },
};

/** ISO 8601 in UTC with ms: the format of every printed or stored time. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The date of an HTTP header (RFC 9110, IMF-fixdate): whole seconds. */
export function formatHttpTime(ms: number): string {
  return new Date(ms).toUTCString();
}
