import { RangePlan, type KeyedEntry, type KeyedPage, type KeyRange, type TakenPage } from './key-ranges.ts';
import type { Splitter } from './split-key.ts';
import { EVERY_KEY, type KeySpan } from '../sweep-item.ts';

/** Lists in key order after a key (null: from the start). Returning from the iterator ends the listing. */
export type OpenListing<P> = (startAfter: string | null) => AsyncIterable<P>;

export interface ParallelOptions {
  readonly prefix: string;
  /** The range to list. @default EVERY_KEY */
  readonly within?: KeySpan;
  /** Parallel listings, at least 1. Memory is bounded by twice this many pages. */
  readonly rangesMax: number;
  readonly splitter: Splitter;
  /** Whether to fail also where a single listing is out of order. @default false */
  readonly isOrderRequired?: boolean;
}

/** A page of a range, without entries from other ranges. */
export interface RangePage<T, P> extends TakenPage<T> {
  readonly range: KeyRange;
  /** The page as listed. */
  readonly page: P;
}

/**
 * Lists a range of keys with several parallel listings. Each key appears once, in no particular order. The next page of
 * each range is fetched while the caller processes the current one.
 * @throws the error of the first listing that fails; the others are ended
 */
export async function* listInParallel<T extends KeyedEntry, P extends KeyedPage<T>>(
  openListing: OpenListing<P>,
  options: ParallelOptions,
): AsyncGenerator<RangePage<T, P>> {
  const plan = new RangePlan(options);
  const listings = new RangeListings(openListing);
  try {
    listings.begin(plan.begin(options.within ?? EVERY_KEY));
    while (listings.size > 0) {
      const { range, page } = await listings.nextPage();
      const taken = plan.take<T>(range, page);
      if (taken.isDone) listings.end(range);
      else listings.fetch(range);
      for (let rest = plan.split(); rest !== null; rest = plan.split()) listings.begin(rest);
      yield { ...taken, range, page };
    }
  } finally {
    listings.endAll();
  }
}

/** A page, or the error of its listing. */
type Landing<P> =
  | { readonly kind: 'page'; readonly range: KeyRange; readonly page: P }
  | { readonly kind: 'failed'; readonly error: unknown };

/** The open listings, each with at most one page fetched ahead. */
class RangeListings<P> {
  readonly #openListing: OpenListing<P>;
  readonly #listings = new Map<KeyRange, AsyncIterator<P>>();
  readonly #landed: Landing<P>[] = [];
  #wake: (() => void) | null = null;

  constructor(openListing: OpenListing<P>) {
    this.#openListing = openListing;
  }

  get size(): number {
    return this.#listings.size;
  }

  begin(range: KeyRange): void {
    this.#listings.set(range, this.#openListing(range.after)[Symbol.asyncIterator]());
    this.fetch(range);
  }

  /** Requests the next page of a listing. `nextPage` returns it. */
  fetch(range: KeyRange): void {
    const listing = this.#listings.get(range);
    if (listing === undefined) throw new Error('requested a page of a range that is not being listed');
    listing.next().then(
      ({ done, value }) =>
        this.#land(
          done === true
            ? { kind: 'failed', error: new Error('a listing ended without a last page') }
            : { kind: 'page', range, page: value },
        ),
      (error: unknown) => this.#land({ kind: 'failed', error }),
    );
  }

  /** Returns the first page to arrive from any listing. */
  async nextPage(): Promise<{ readonly range: KeyRange; readonly page: P }> {
    for (;;) {
      const landing = this.#landed.shift();
      if (landing?.kind === 'failed') throw landing.error;
      if (landing !== undefined) return landing;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  end(range: KeyRange): void {
    const listing = this.#listings.get(range);
    this.#listings.delete(range);
    // Closed in the background; late errors are ignored.
    void listing?.return?.().catch(() => undefined);
  }

  endAll(): void {
    for (const range of this.#listings.keys()) this.end(range);
  }

  #land(landing: Landing<P>): void {
    this.#landed.push(landing);
    this.#wake?.();
  }
}
