import { hrtime } from 'node:process';
import { clearTimeout, setTimeout } from 'node:timers';

/** Code that needs the time takes a clock, so that tests run on virtual time. */
export interface Clock {
  /** Wall clock, in ms since the Unix epoch; comparable across processes and reboots, but may step. */
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
 * The only place that reads the machine's clock. Avoids `node:timers/promises`, whose timers create an error with a
 * stack on each abort: nearly every request aborts one.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  // `performance` would load Node's module for it: 1.5 ms of each start.
  monotonic: () => {
    const [seconds, nanoseconds] = hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
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

/** The date format of HTTP headers, in whole seconds (IMF-fixdate: RFC 9110, section 5.6.7). */
export function formatHttpTime(ms: number): string {
  return new Date(ms).toUTCString();
}
