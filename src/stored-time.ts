/** 2025, in ms: this program did not exist before, so a clock that shows less is wrong. */
const PROGRAM_BEGAN_MS = 1_735_689_600_000;

/**
 * The latest time that a right clock can have stored: now. A clock that shows a time before this program existed, such as
 * 1970 on a machine without a battery, limits nothing.
 */
export function latestStoredTime(nowMs: number): number {
  return nowMs < PROGRAM_BEGAN_MS ? Number.MAX_SAFE_INTEGER : nowMs;
}

/**
 * A stored wall time as it counts now, in ms. A time in the future was left by a clock that was ahead, and counts as now:
 * whatever depends on it must not last until that time comes.
 */
export function pastTime(storedMs: number, nowMs: number): number {
  return Math.min(storedMs, latestStoredTime(nowMs));
}
