import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createItemFilter, isExpired, type ItemConditions } from '../../../../src/sweep/select/item-filter.ts';
import { listedObject } from '../../../support/fake-object-store.ts';
import { sweepItem } from '../../../support/sweep-pages.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 100_000;

function takes(item: Parameters<typeof sweepItem>, conditions: Partial<ItemConditions>, prefix = ''): boolean {
  return createItemFilter(prefix, { olderThanMs: 0, ...conditions }).takes(sweepItem(...item), NOW_MS);
}

describe('createItemFilter', () => {
  it.each([
    ['takes just the age', { lastModifiedMs: NOW_MS - 1000 }, { olderThanMs: 1000 }, true],
    ['leaves what is younger', { lastModifiedMs: NOW_MS - 999 }, { olderThanMs: 1000 }, false],
    ['leaves what has no known age', { lastModifiedMs: null }, { olderThanMs: 1 }, false],
    ['takes anything for an age of 0, known or not', { lastModifiedMs: null }, { olderThanMs: 0 }, true],
    ['takes also what is from the future for an age of 0', { lastModifiedMs: NOW_MS + 1 }, { olderThanMs: 0 }, true],
    ['takes just the least size', { sizeBytes: 10 }, { minSizeBytes: 10 }, true],
    ['leaves what is smaller', { sizeBytes: 9 }, { minSizeBytes: 10 }, false],
    ['takes just the largest size', { sizeBytes: 10 }, { maxSizeBytes: 10 }, true],
    ['leaves what is larger', { sizeBytes: 11 }, { maxSizeBytes: 10 }, false],
    ['takes the empty with a largest size of 0', { sizeBytes: 0 }, { maxSizeBytes: 0 }, true],
    ['leaves what has no known size', { sizeBytes: null }, { minSizeBytes: 0 }, false],
    ['takes any size where none is asked for', { sizeBytes: null }, {}, true],
  ])('%s', (_what, known, conditions, expected) => {
    expect(takes(['k', known], conditions)).toBe(expected);
  });

  it.each([
    ['a key below the prefix', 'logs/a', 'logs/', [], [], true],
    ['no key beside it', 'log', 'logs/', [], [], false],
    ['names below the prefix by a pattern with a slash', 'logs/a/b', 'logs/', ['a/*'], [], true],
    ['names from the last slash of the prefix on', 'logs/2024-01', 'logs/2024', ['2024-*'], [], true],
    ['no key that is excluded', 'logs/a.log', 'logs/', ['*.log'], ['a*'], false],
    ['no key that is not included', 'logs/a.txt', 'logs/', ['*.log'], [], false],
  ])('takes %s', (_what, key, prefix, include, exclude, expected) => {
    expect(takes([key], { patterns: { include, exclude } }, prefix)).toBe(expected);
  });

  it.each([
    [{}, false, false],
    [{ olderThanMs: 1 }, true, false],
    [{ minSizeBytes: 0 }, false, true],
    [{ maxSizeBytes: 0 }, false, true],
  ])('knows what %j asks for', (conditions, asksForAge, asksForSize) => {
    expect(createItemFilter('', { olderThanMs: 0, ...conditions })).toMatchObject({ asksForAge, asksForSize });
  });
});

describe('isExpired', () => {
  it.each([
    ['one ms short of its age', DAY_MS - 1, DAY_MS, false],
    ['exactly of its age', DAY_MS, DAY_MS, true],
    ['past its age', DAY_MS + 1, DAY_MS, true],
    ['new, with any age wanted', 0, 0, true],
    ['from the future of the store', -1, 0, false],
    ['from the future of the store, by far', -DAY_MS, DAY_MS, false],
  ])('judges an object that is %s', (_what, ageMs, olderThanMs, expected) => {
    const storeNowMs = 1_700_000_000_000;
    const object = listedObject('k', { ageMs, nowMs: storeNowMs });
    expect(isExpired(object, { nowMs: storeNowMs, olderThanMs })).toBe(expected);
  });

  it('keeps an expired item expired at any later time', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (ageMs, olderThanMs, laterMs) => {
        const object = listedObject('k', { ageMs });
        const isExpiredNow = isExpired(object, { nowMs: 0, olderThanMs });
        const isExpiredLater = isExpired(object, { nowMs: laterMs, olderThanMs });
        expect(isExpiredLater || !isExpiredNow).toBe(true);
      }),
    );
  });
});
