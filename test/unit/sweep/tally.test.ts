import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addToSurvey, addToTally, EMPTY_SURVEY, EMPTY_TALLY } from '../../../src/sweep/tally.ts';
import { sweepItem } from '../../support/sweep-pages.ts';

/** Batches of distinct keys, each key with what a delete of it brings. */
const batches = fc
  .uniqueArray(
    fc.record({
      key: fc.string({ minLength: 1 }),
      sizeBytes: fc.option(fc.nat()),
      lastModifiedMs: fc.option(fc.nat()),
      end: fc.constantFrom('deleted', 'changed', 'AccessDenied', 'InternalError'),
      batch: fc.nat(4),
    }),
    { selector: ({ key }) => key, maxLength: 60 },
  )
  .map((objects) => [0, 1, 2, 3, 4].map((number) => objects.filter(({ batch }) => batch === number)));

describe('addToTally', () => {
  it('counts every object once: as deleted, as changed or as failed', () => {
    fc.assert(
      fc.property(batches, (all) => {
        let tally = EMPTY_TALLY;
        for (const objects of all) {
          const of = (...ends: readonly string[]) =>
            objects
              .filter(({ end }) => ends.includes(end))
              .map(({ end, ...rest }) => ({ ...sweepItem(rest.key, rest), end }));
          const stayed = of('AccessDenied', 'InternalError').map((item) => ({ item, code: item.end, message: '' }));
          tally = addToTally(tally, { deleted: of('deleted'), changed: of('changed'), stayed });
        }
        const objects = all.flat();
        const count = (...ends: readonly string[]): number => objects.filter(({ end }) => ends.includes(end)).length;
        expect(tally).toMatchObject({
          matched: objects.length,
          deleted: count('deleted'),
          deletedBytes: objects.reduce(
            (sum, { end, sizeBytes }) => sum + (end === 'deleted' ? (sizeBytes ?? 0) : 0),
            0,
          ),
          changed: count('changed'),
          failed: count('AccessDenied', 'InternalError'),
          denied: count('AccessDenied'),
        });
      }),
    );
  });

  it('names the first 100 failures and counts the rest', () => {
    const stayed = Array.from({ length: 150 }, (_, number) => ({
      item: sweepItem(`k${number}`),
      code: 'InternalError',
      message: 'why',
    }));
    let tally = addToTally(EMPTY_TALLY, { deleted: [], changed: [], stayed: stayed.slice(0, 60) });
    tally = addToTally(tally, { deleted: [], changed: [], stayed: stayed.slice(60) });
    expect(tally.failed).toBe(150);
    expect(tally.failures).toEqual(
      stayed.slice(0, 100).map(({ item, code, message }) => ({ key: item.key, versionId: null, code, message })),
    );
  });
});

describe('addToSurvey', () => {
  it('sums objects, known bytes and the span of their known times over all pages', () => {
    fc.assert(
      fc.property(batches, (all) => {
        let survey = EMPTY_SURVEY;
        for (const page of all) {
          const items = page.map(({ key, sizeBytes, lastModifiedMs }) => sweepItem(key, { sizeBytes, lastModifiedMs }));
          survey = addToSurvey(survey, items);
        }
        const objects = all.flat();
        const times = objects.flatMap(({ lastModifiedMs }) => (lastModifiedMs === null ? [] : [lastModifiedMs]));
        expect(survey).toEqual({
          objects: objects.length,
          bytes: objects.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0),
          oldestMs: times.length === 0 ? null : Math.min(...times),
          newestMs: times.length === 0 ? null : Math.max(...times),
          samples: objects.slice(0, 10).map(({ key }) => key),
          unknownAge: 0,
          unreadable: 0,
          failures: [],
        });
      }),
    );
  });
});
