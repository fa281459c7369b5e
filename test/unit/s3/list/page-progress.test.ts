import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_PAGES_MAX, PageProgress, type PagePlace } from '../../../../src/s3/list/page-progress.ts';

/** The number of the page that ends the listing; null if none of `count` does. */
function findStop(count: number, placeOf: (page: number) => PagePlace): number | null {
  const progress = new PageProgress('start');
  for (let page = 0; page < count; page += 1) if (progress.take(placeOf(page)) !== null) return page;
  return null;
}

describe('PageProgress', () => {
  it('lets a listing go on as long as it moves', () => {
    expect(findStop(5000, (page) => ({ next: `${page}`, first: `k${page}` }))).toBeNull();
  });

  it('lets a listing of one empty page end', () => {
    expect(new PageProgress('start').take({ next: null, first: null })).toBeNull();
  });

  it('finds at once that a page leads back to the start, or to itself', () => {
    expect(new PageProgress('start').take({ next: 'start', first: 'a' })).toBe('repeats');
    expect(findStop(900, (page) => ({ next: `${Math.min(page, 500)}`, first: `k${page}` }))).toBe(501);
    expect(findStop(900, (page) => ({ next: `${page}`, first: `k${Math.min(page, 500)}` }))).toBe(501);
  });

  it('finds every circle of tokens or of keys within three rounds', () => {
    const circle = fc.record({ before: fc.nat(60), length: fc.integer({ min: 1, max: 60 }), isOfKeys: fc.boolean() });
    fc.assert(
      fc.property(circle, ({ before, length, isOfKeys }) => {
        const place = (page: number): string => `${page < before ? page : before + ((page - before) % length)}`;
        const stop = findStop(1000, (page) =>
          isOfKeys ? { next: `t${page}`, first: place(page) } : { next: place(page), first: `k${page}` },
        );
        expect(stop).not.toBeNull();
        expect(stop).toBeLessThanOrEqual(3 * Math.max(before, length) + length);
      }),
    );
  });

  it('counts empty pages only in a row, and not the last', () => {
    const empty = (page: number): PagePlace => ({ next: `${page}`, first: null });
    expect(findStop(EMPTY_PAGES_MAX + 1, empty)).toBe(EMPTY_PAGES_MAX - 1);
    const last = (page: number): PagePlace =>
      page === EMPTY_PAGES_MAX - 1 ? { next: null, first: null } : empty(page);
    expect(findStop(EMPTY_PAGES_MAX, last)).toBeNull();
    expect(
      findStop(5000, (page) => (page % 200 === 0 ? { next: `${page}`, first: `k${page}` } : empty(page))),
    ).toBeNull();
  });
});
