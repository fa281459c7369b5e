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

/**
 * A time to come on the clock of the reader (the zone of `TZ` or of the machine), rounded up to the second:
 * `18:43:52 UTC+1`, with the day where it is not today.
 */
export function formatClock(ms: number, nowMs: number): string {
  const at = new Date(Math.ceil(ms / 1000) * 1000);
  const now = new Date(nowMs);
  const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(pad).join(':');
  const day = isSameDay(at, now)
    ? ''
    : isSameDay(at, tomorrow)
      ? ' tomorrow'
      : ` on ${[at.getFullYear(), at.getMonth() + 1, at.getDate()].map(pad).join('-')}`;
  return `${time} ${formatZone(at)}${day}`;
}

function isSameDay(one: Date, other: Date): boolean {
  return one.toDateString() === other.toDateString();
}

/** `UTC`, `UTC+1`, `UTC-3:30`: abbreviations such as CST have several meanings. */
function formatZone(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${pad(rest)}`}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
