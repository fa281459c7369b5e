import type { SweepItem } from './sweep-item.ts';

/** The maximum that one sweep may delete; null for no limit. */
export interface SweepLimits {
  readonly maxDelete: number | null;
  readonly maxBytes: number | null;
}

export const NO_LIMITS: SweepLimits = { maxDelete: null, maxBytes: null };

/** The total requested so far, including failed deletes, so that a limit is never exceeded. */
export interface RequestedTotals {
  readonly objects: number;
  readonly bytes: number;
}

export type LimitReached = 'max_delete' | 'max_bytes';

/** Which limit one more object would exceed; null if none. An object of unknown size exceeds any byte limit. */
export function findLimit(
  asked: RequestedTotals,
  item: SweepItem,
  { maxDelete, maxBytes }: SweepLimits,
): LimitReached | null {
  if (maxDelete !== null && asked.objects + 1 > maxDelete) return 'max_delete';
  const bytes = asked.bytes + (item.sizeBytes ?? Infinity);
  return maxBytes !== null && bytes > maxBytes ? 'max_bytes' : null;
}
