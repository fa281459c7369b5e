import { createKeyFilter, type KeyPatterns, type KeyWatch } from '../../key-filter.ts';
import { holdsKey, type Shard } from '../shard.ts';
import type { SweepItem, SweepPage } from '../sweep-item.ts';

/** The conditions for deletion, all of which must hold. */
export interface ItemConditions {
  /** Minimum age, in ms; 0 for any. */
  readonly olderThanMs: number;
  /** Matched against the part of the key after the last slash of the prefix. @default everything matches */
  readonly patterns?: KeyPatterns;
  /** Sees which keys the patterns take. */
  readonly watch?: KeyWatch;
  /** Minimum size, inclusive, in bytes. @default null: any */
  readonly minSizeBytes?: number | null;
  /** Maximum size, inclusive, in bytes. @default null: any */
  readonly maxSizeBytes?: number | null;
  /** Only keys whose hash falls to this shard. @default null: all */
  readonly shard?: Shard | null;
}

export interface ItemFilter {
  /** Checks only the name: it must be below the prefix, fall to the shard and match the patterns. */
  readonly takesKey: (key: string) => boolean;
  /** Checks every condition. An item whose age or size is unknown is kept if a condition needs it. */
  readonly takes: (item: SweepItem, nowMs: number) => boolean;
  /** Whether the item is kept only because its age is unknown. */
  readonly lacksAge: (item: SweepItem) => boolean;
  readonly asksForAge: boolean;
  readonly asksForSize: boolean;
}

const EVERYTHING: KeyPatterns = { include: [], exclude: [] };

/** Splits a page into items to delete and items kept because their age is unknown. */
export function filterItems(
  items: readonly SweepItem[],
  { filter, nowMs }: { readonly filter: ItemFilter; readonly nowMs: number },
): Pick<SweepPage, 'items' | 'unknownAge'> {
  return { items: items.filter((item) => filter.takes(item, nowMs)), unknownAge: items.filter(filter.lacksAge) };
}

/** Compiles the conditions once, because a sweep checks every key of a bucket. */
export function createItemFilter(
  prefix: string,
  { olderThanMs, patterns = EVERYTHING, watch, minSizeBytes = null, maxSizeBytes = null, shard = null }: ItemConditions,
): ItemFilter {
  const isWanted = createKeyFilter(patterns, watch);
  const nameStart = prefix.lastIndexOf('/') + 1;
  const asksForAge = olderThanMs > 0;
  const asksForSize = minSizeBytes !== null || maxSizeBytes !== null;
  const takesKey = (key: string): boolean =>
    key.startsWith(prefix) && (shard === null || holdsKey(shard, key)) && isWanted(key.slice(nameStart));
  const hasSize = (sizeBytes: number | null): boolean =>
    !asksForSize || (sizeBytes !== null && sizeBytes >= (minSizeBytes ?? 0) && sizeBytes <= (maxSizeBytes ?? Infinity));
  return {
    takesKey,
    // Cheap checks first.
    takes: (item, nowMs) =>
      (!asksForAge || isExpired(item, { nowMs, olderThanMs })) && hasSize(item.sizeBytes) && takesKey(item.key),
    lacksAge: ({ key, sizeBytes, lastModifiedMs }) =>
      asksForAge && lastModifiedMs === null && hasSize(sizeBytes) && takesKey(key),
    asksForAge,
    asksForSize,
  };
}

/**
 * Whether an object is old enough to delete: last modified at least `olderThanMs` before `nowMs`, which comes from an
 * `AgeClock`. An unknown time is never old.
 */
export function isExpired(
  { lastModifiedMs }: { readonly lastModifiedMs: number | null },
  { nowMs, olderThanMs }: { nowMs: number; olderThanMs: number },
): boolean {
  return lastModifiedMs !== null && nowMs - lastModifiedMs >= olderThanMs;
}
