import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isExpired } from '../../../src/sweep/expiry.ts';
import { listedObject } from '../../support/fake-object-store.ts';

const DAY_MS = 86_400_000;

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
    expect(isExpired(object, { storeNowMs, olderThanMs })).toBe(expected);
  });

  it('keeps expired what is expired, however much later it is asked', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (ageMs, olderThanMs, laterMs) => {
        const object = listedObject('k', { ageMs });
        const isExpiredNow = isExpired(object, { storeNowMs: 0, olderThanMs });
        const isExpiredLater = isExpired(object, { storeNowMs: laterMs, olderThanMs });
        expect(isExpiredLater || !isExpiredNow).toBe(true);
      }),
    );
  });
});
