import { createKeyFilter, type KeyPatterns } from '../key-filter.ts';
import type { SweepItem } from './sweep-item.ts';

/** What makes an item one to delete. Every condition must hold. */
export interface ItemConditions {
  /** Least age, in ms; 0 for any. */
  readonly olderThanMs: number;
  /** Matched against what follows the last slash of the prefix. @default everything matches */
  readonly patterns?: KeyPatterns;
  /** Least size, inclusive, in bytes. @default null: any */
  readonly minSizeBytes?: number | null;
  /** Largest size, inclusive, in bytes. @default null: any */
  readonly maxSizeBytes?: number | null;
}

export interface ItemFilter {
  /** By the name alone: below the prefix, and matching the patterns. */
  readonly takesKey: (key: string) => boolean;
  /** By every condition. An item whose age or size is unknown stays if a condition needs it. */
  readonly takes: (item: SweepItem, storeNowMs: number) => boolean;
  readonly asksForAge: boolean;
  readonly asksForSize: boolean;
}

const EVERYTHING: KeyPatterns = { include: [], exclude: [] };

/** Compiles the conditions once: a sweep checks every key of a bucket. */
export function createItemFilter(
  prefix: string,
  { olderThanMs, patterns = EVERYTHING, minSizeBytes = null, maxSizeBytes = null }: ItemConditions,
): ItemFilter {
  const isWanted = createKeyFilter(patterns);
  const nameStart = prefix.lastIndexOf('/') + 1;
  const asksForAge = olderThanMs > 0;
  const asksForSize = minSizeBytes !== null || maxSizeBytes !== null;
  const takesKey = (key: string): boolean => key.startsWith(prefix) && isWanted(key.slice(nameStart));
  const hasAge = (lastModifiedMs: number | null, storeNowMs: number): boolean =>
    !asksForAge || (lastModifiedMs !== null && isExpired({ lastModifiedMs }, { storeNowMs, olderThanMs }));
  const hasSize = (sizeBytes: number | null): boolean =>
    !asksForSize || (sizeBytes !== null && sizeBytes >= (minSizeBytes ?? 0) && sizeBytes <= (maxSizeBytes ?? Infinity));
  return {
    takesKey,
    // The cheap checks first.
    takes: ({ key, sizeBytes, lastModifiedMs }, storeNowMs) =>
      hasAge(lastModifiedMs, storeNowMs) && hasSize(sizeBytes) && takesKey(key),
    asksForAge,
    asksForSize,
  };
}

/**
 * Whether an object is old enough to delete: last modified at least `olderThanMs` before `storeNowMs`.
 * Both times are the store's own, so a wrong local clock never deletes anything early.
 */
export function isExpired(
  { lastModifiedMs }: { readonly lastModifiedMs: number },
  { storeNowMs, olderThanMs }: { storeNowMs: number; olderThanMs: number },
): boolean {
  return storeNowMs - lastModifiedMs >= olderThanMs;
}
