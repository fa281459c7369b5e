import { RangePlan, type KeyedPage, type KeyRange, type TakenPage } from './key-ranges.ts';
import type { Splitter } from './split-key.ts';
import { EVERY_KEY, type KeySpan } from '../sweep-item.ts';

/** Lists from behind a key (null: from the start), in the order of keys; a return ends it. */
export type OpenListing<P> = (startAfter: string | null) => AsyncIterable<P>;

export interface ParallelOptions {
  readonly prefix: string;
  /** The stretch to list. @default EVERY_KEY */
  readonly within?: KeySpan;
  /** Listings at once; at least 1. Memory is this many pages, twice. */
  readonly rangesMax: number;
  readonly splitter: Splitter;
}

/** A page of one of the ranges, cut to what belongs to it. */
export interface RangePage<T, P> extends TakenPage<T> {
  readonly range: KeyRange;
  /** As the listing gave it. */
  readonly page: P;
}

/**
 * Lists a key space by several listings at once, each key once, in no order. The next page of every range is fetched
 * while the taker works on this one.
 * @throws whatever the first listing that fails throws; the others are ended
 */
export async function* listInParallel<T extends { readonly key: string }, P extends KeyedPage<T>>(
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

/** A page that has come, or why none will. */
type Landing<P> =
  | { readonly kind: 'page'; readonly range: KeyRange; readonly page: P }
  | { readonly kind: 'failed'; readonly error: unknown };

/** The listings under way, each with at most one page fetched ahead. */
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

  /** Asks a listing for its next page, which `nextPage` will give. */
  fetch(range: KeyRange): void {
    const listing = this.#listings.get(range);
    if (listing === undefined) throw new Error('a page is asked of a range that is not being listed');
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

  /** The page that came first, whichever listing it is of. */
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
    // It may still wait for a page that nobody wants any more: neither its end nor its failure matters to anyone.
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
