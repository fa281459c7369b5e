import type { SweepItem } from './sweep-item.ts';

/** How much one sweep may ask to delete; null for any. */
export interface SweepLimits {
  readonly maxDelete: number | null;
  readonly maxBytes: number | null;
}

export const NO_LIMITS: SweepLimits = { maxDelete: null, maxBytes: null };

/** What has been asked for already; what was refused counts too, so that a limit is never exceeded. */
export interface RequestedTotals {
  readonly objects: number;
  readonly bytes: number;
}

export type LimitReached = 'max_delete' | 'max_bytes';

/**
 * Which limit one more object would exceed; null for none.
 * An object whose size is not known exceeds any limit in bytes: it could be as large as all others together.
 */
export function findLimit(
  asked: RequestedTotals,
  item: SweepItem,
  { maxDelete, maxBytes }: SweepLimits,
): LimitReached | null {
  if (maxDelete !== null && asked.objects + 1 > maxDelete) return 'max_delete';
  const bytes = asked.bytes + (item.sizeBytes ?? Infinity);
  return maxBytes !== null && bytes > maxBytes ? 'max_bytes' : null;
}
