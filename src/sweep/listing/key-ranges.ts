import { BreakwaterError } from '../../errors.ts';
import { compareKeys } from './key-order.ts';
import type { Gap, Splitter } from './split-key.ts';
import type { KeySpan } from '../sweep-item.ts';

/** An entry of a listing. A doubtful key may stand for another one, and says nothing about the order. */
export interface KeyedEntry {
  readonly key: string;
  readonly isDoubtful?: true;
}

/** The parts of a listing page that the plan needs. */
export interface KeyedPage<T extends KeyedEntry> {
  readonly entries: readonly T[];
  readonly isLast: boolean;
}

/** A range of keys with its own listing. Everything except `after` changes as pages arrive. */
export interface KeyRange {
  /** The listing starts after this key; null for the first key. */
  readonly after: string | null;
}

interface OpenRange extends KeyRange {
  end: string | null;
  position: string | null;
  pageStart: string;
  /** Whether a page has arrived since the last cut, so that a new cut can be chosen. */
  isCuttable: boolean;
  isWide: boolean;
  readonly origin: OpenRange | null;
}

/** The result of a page: the entries in its range, and whether the range is complete. */
export interface TakenPage<T> {
  readonly entries: readonly T[];
  readonly span: KeySpan | null;
  readonly isDone: boolean;
}

interface RangePlanOptions {
  readonly prefix: string;
  /** Ranges listed at once; at least 1. */
  readonly rangesMax: number;
  readonly splitter: Splitter;
  /** @default false */
  readonly isOrderRequired?: boolean;
}

/**
 * Divides a listing into ranges that are listed in parallel, each key in exactly one of them. Does no I/O.
 *
 * It starts with one range. A cut ends a range at a key that the splitter chooses, and a new range starts after it. If
 * no key follows the cut, one request is wasted, but the end is known better. A range is cut at most once per page, so
 * a listing needs at most twice as many requests as a single one.
 */
export class RangePlan {
  readonly #prefix: string;
  readonly #rangesMax: number;
  readonly #splitter: Splitter;
  readonly #isOrderRequired: boolean;
  readonly #open = new Set<OpenRange>();
  #canSplit: boolean;
  #hasSplit = false;
  #isOrdered = true;

  constructor({ prefix, rangesMax, splitter, isOrderRequired = false }: RangePlanOptions) {
    this.#isOrderRequired = isOrderRequired;
    this.#prefix = prefix;
    this.#rangesMax = rangesMax;
    this.#splitter = splitter;
    this.#canSplit = rangesMax > 1;
  }

  /** Adds the first range, which covers everything. */
  begin({ after, through }: KeySpan): KeyRange {
    return this.#add({ after, end: through, origin: null });
  }

  /**
   * Cuts a range that is being listed.
   * @returns the new range; null if enough ranges are being listed, or no cut is worth a request
   */
  split(): KeyRange | null {
    if (!this.#canSplit || this.#open.size >= this.#rangesMax) return null;
    for (const range of [...this.#open].filter(({ isCuttable }) => isCuttable).toSorted(compareWidths)) {
      range.isCuttable = false;
      const key = this.#chooseKey(range);
      if (key === null) continue;
      this.#hasSplit = true;
      const rest = this.#add({ after: key, end: range.end, origin: range });
      range.end = key;
      return rest;
    }
    return null;
  }

  /**
   * Takes the next page of a range.
   * @throws BreakwaterError `rejected` if keys are out of order after the listing was split, or if order is required
   */
  take<T extends KeyedEntry>(range: KeyRange, page: KeyedPage<T>): TakenPage<T> {
    const open = this.#find(range);
    const before = open.position ?? open.after;
    const certain = page.entries.filter(isCertain);
    const [first] = certain;
    if (
      open.position === null &&
      open.after !== null &&
      first !== undefined &&
      compareKeys(first.key, open.after) <= 0
    ) {
      // The store ignores the start key: its entries are valid, but start at the first key.
      this.#canSplit = false;
      if (this.#giveBack(open)) return { entries: [], span: null, isDone: true };
    }
    this.#checkOrder(open, certain);
    const { end } = open;
    const isPastEnd = end !== null && certain.some(({ key }) => compareKeys(key, end) > 0);
    const entries = entriesWithin(page.entries, open);
    const isDone = page.isLast || isPastEnd;
    this.#learn(open, { certain, entries, isDone });
    return { entries, isDone, span: this.#spanOf({ before, open, isDone }) };
  }

  #learn<T extends KeyedEntry>(
    open: OpenRange,
    { certain, entries, isDone }: { certain: readonly T[]; entries: readonly T[]; isDone: boolean },
  ): void {
    if (open.position === null) {
      open.isWide = entries.length > 0;
      if (open.origin !== null) open.origin.isWide = open.isWide;
    }
    const last = certain.at(-1);
    if (isDone) this.#open.delete(open);
    if (last === undefined) return;
    open.pageStart = certain[0]?.key ?? last.key;
    open.position = last.key;
    open.isCuttable = !isDone && entries.length > 0;
    if (this.#canSplit)
      this.#splitter.learn(
        this.#prefix,
        certain.map(({ key }) => key),
      );
  }

  #chooseKey({ position, end, pageStart, isWide }: OpenRange): string | null {
    if (position === null) return null;
    const gap: Gap = { prefix: this.#prefix, position, end, pageStart, isWide };
    const key = this.#splitter.choose(gap);
    if (key === null || !key.startsWith(this.#prefix) || !key.isWellFormed()) return null;
    return compareKeys(key, position) > 0 && (end === null || compareKeys(key, end) < 0) ? key : null;
  }

  /** Ranges end based on key comparison, so without order some keys would be missed. */
  #checkOrder(open: OpenRange, entries: readonly KeyedEntry[]): void {
    let last = open.position;
    for (const { key } of entries) {
      // An equal key is another version.
      if (last !== null && compareKeys(key, last) < 0) {
        this.#isOrdered = false;
        // Some stores sort by UTF-16. Split keys contain no characters whose order differs, so the ranges are right.
        if (key < last) {
          if (this.#isOrderRequired) throw disorderError({ last, key, hint: ORDER_REQUIRED_HINT });
          if (this.#hasSplit) throw disorderError({ last, key, hint: DISORDER_HINT });
          this.#canSplit = false;
        }
      }
      last = key;
    }
  }

  /** Null if unordered, or while the listing is still before its range because the store ignored the start key. */
  #spanOf({ before, open, isDone }: { before: string | null; open: OpenRange; isDone: boolean }): KeySpan | null {
    const { position, end } = open;
    if (!this.#isOrdered) return null;
    if (isDone) return { after: before, through: end };
    if (position === null || (before !== null && compareKeys(position, before) < 0)) return null;
    return { after: before, through: position };
  }

  /** Merges a range that cannot be listed separately into the previous one. False if that one is complete. */
  #giveBack(range: OpenRange): boolean {
    const before = [...this.#open].find(({ end }) => end !== null && end === range.after);
    if (before === undefined) return false;
    before.end = range.end;
    this.#open.delete(range);
    return true;
  }

  #add({ after, end, origin }: Pick<OpenRange, 'after' | 'end' | 'origin'>): OpenRange {
    const range: OpenRange = { after, end, origin, position: null, pageStart: '', isCuttable: false, isWide: false };
    this.#open.add(range);
    return range;
  }

  #find(range: KeyRange): OpenRange {
    for (const open of this.#open) if (open === range) return open;
    throw new Error('received a page of a range that is not being listed');
  }
}

function isCertain({ isDoubtful }: KeyedEntry): boolean {
  return isDoubtful !== true;
}

/** The entries in a range. One with a doubtful key belongs to the range of the entry before it. */
function entriesWithin<T extends KeyedEntry>(
  entries: readonly T[],
  { after, end }: Pick<OpenRange, 'after' | 'end'>,
): readonly T[] {
  let isWithin = true;
  return entries.filter((entry) => {
    const { key } = entry;
    if (isCertain(entry)) {
      isWithin = (after === null || compareKeys(key, after) > 0) && (end === null || compareKeys(key, end) <= 0);
    }
    return isWithin;
  });
}

/** Sorts the widest first: position and end differ earliest, and by most. */
function compareWidths(a: OpenRange, b: OpenRange): number {
  const [left, right] = [widthOf(a), widthOf(b)];
  return left.shared - right.shared || right.distance - left.distance;
}

function widthOf({ position, end }: OpenRange): { shared: number; distance: number } {
  if (position === null || end === null) return { shared: -1, distance: 0 };
  let shared = 0;
  while (shared < position.length && position[shared] === end[shared]) shared += 1;
  return { shared, distance: (end.codePointAt(shared) ?? 0) - (position.codePointAt(shared) ?? 0) };
}

const DISORDER_HINT = 'this store does not list in key order; sweep again with --list-concurrency 1';
const ORDER_REQUIRED_HINT =
  'this store does not list in key order, so a sweep cannot see which versions are behind a delete marker';

function disorderError({ last, key, hint }: { last: string; key: string; hint: string }): BreakwaterError {
  return new BreakwaterError('rejected', `the store lists ${JSON.stringify(key)} after ${JSON.stringify(last)}`, {
    details: {
      reason: 'listing_not_in_order',
      hint,
    },
  });
}
