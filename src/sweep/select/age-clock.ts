import { formatTime } from '../../clock.ts';
import type { EventSink } from '../../events.ts';
import { isBelieved } from '../../s3/protocol/store-clock.ts';

/** The time used to compute ages on a page, given the store's time (null if it sent none), in ms. */
export type AgeClock = (storeNowMs: number | null) => number;

/**
 * Ages use the store's clock if it is near ours. Otherwise one of the two is wrong, and it is unknown which. The
 * earlier one is then used, because it makes everything younger. Warns once per run.
 */
export function createAgeClock({ now, emit }: { readonly now: () => number; readonly emit: EventSink }): AgeClock {
  let hasWarned = false;
  /** How far the store's clock was seen to be behind ours; also applied to responses without a date. */
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
  return `${clocks}: ages use the earlier one, so that nothing new is deleted`;
}
