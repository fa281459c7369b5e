import { formatTime } from '../clock.ts';
import type { EventSink } from '../events.ts';
import { isBelieved } from '../s3/protocol/store-clock.ts';

/** The time that the ages of a page are measured by, given the store's own (null where it sent none), in ms. */
export type AgeClock = (storeNowMs: number | null) => number;

/**
 * Ages are measured by the store's clock, as long as it is near ours. If it is not, one of the two is wrong, and nobody
 * can tell which: the earlier one counts, by which everything is younger. Emits one warning for the run.
 */
export function createAgeClock({ now, emit }: { readonly now: () => number; readonly emit: EventSink }): AgeClock {
  let hasWarned = false;
  /** How far behind ours the store's clock was seen: a response without a date is judged no more strictly. */
  let behindMs = 0;
  return (storeNowMs) => {
    const nowMs = now();
    if (storeNowMs === null) return nowMs - behindMs;
    if (isBelieved(storeNowMs, nowMs)) return storeNowMs;
    if (!hasWarned) {
      hasWarned = true;
      emit({ kind: 'warning', reason: 'clocks_differ', message: formatWarning(storeNowMs, nowMs) });
    }
    behindMs = Math.max(behindMs, nowMs - storeNowMs);
    return Math.min(storeNowMs, nowMs);
  };
}

function formatWarning(storeNowMs: number, nowMs: number): string {
  const clocks = `the store's clock shows ${formatTime(storeNowMs)}, this machine's ${formatTime(nowMs)}`;
  return `${clocks}: ages are measured by the earlier one, so that nothing new is deleted`;
}
