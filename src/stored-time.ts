/** The start of 2025, in ms. This program did not exist before, so a clock that shows less is wrong. */
const PROGRAM_BEGAN_MS = 1_735_689_600_000;

/**
 * The latest time that a correct clock can have stored: now. There is no limit if our own clock is wrong, such as 1970
 * on a machine without a battery.
 */
export function latestStoredTime(nowMs: number): number {
  return nowMs < PROGRAM_BEGAN_MS ? Number.MAX_SAFE_INTEGER : nowMs;
}

/**
 * A stored wall time, in ms. A time in the future came from a clock that was ahead and is replaced by now, so that
 * nothing that depends on it lasts until then.
 */
export function pastTime(storedMs: number, nowMs: number): number {
  return Math.min(storedMs, latestStoredTime(nowMs));
}
