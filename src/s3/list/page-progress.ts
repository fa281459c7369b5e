/** The most pages in a row without an entry. Ceph sends such pages while it passes thousands of delete markers. */
export const EMPTY_PAGES_MAX = 250;

/** What shows that a listing gets on. */
export interface PagePlace {
  /** Where the next page starts, as text; null after the last page. */
  readonly next: string | null;
  /** What names the first entry of the page; null for an empty page. */
  readonly first: string | null;
}

/** Why a listing does not get on; null while it does. */
export type PageStop = 'repeats' | 'stays_empty' | null;

/**
 * Finds out whether a listing goes in circles, in constant memory (Brent 1980, "An improved Monte Carlo factorization
 * algorithm", section 3): it compares each page with the one before it and with one kept page, which is replaced after 1, 2,
 * 4, 8 ... pages. A circle of any length is found within three rounds of it. Two pages are the same if the next page starts at the same
 * place, or if they have the same first entry. The keys need no order: some stores have none.
 */
export class PageProgress {
  #kept: PagePlace;
  #last: PagePlace;
  #pages = 0;
  #keptFor = 1;
  #emptyPages = 0;

  /** @param start where the first page starts */
  constructor(start: string) {
    this.#kept = { next: start, first: null };
    this.#last = this.#kept;
  }

  /** Takes the next page. */
  take(page: PagePlace): PageStop {
    if (isSamePlace(page, this.#kept) || isSamePlace(page, this.#last)) return 'repeats';
    this.#last = page;
    this.#pages += 1;
    if (this.#pages === this.#keptFor) {
      this.#kept = page;
      this.#keptFor *= 2;
      this.#pages = 0;
    }
    this.#emptyPages = page.first === null ? this.#emptyPages + 1 : 0;
    return page.next !== null && this.#emptyPages >= EMPTY_PAGES_MAX ? 'stays_empty' : null;
  }
}

function isSamePlace(page: PagePlace, other: PagePlace): boolean {
  return (page.next !== null && page.next === other.next) || (page.first !== null && page.first === other.first);
}
