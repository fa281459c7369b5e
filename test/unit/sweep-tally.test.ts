import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addToSurvey, addToTally, EMPTY_SURVEY, EMPTY_TALLY } from '../../src/sweep/tally.ts';
import { listedObject } from '../support/fake-object-store.ts';

/** Batches of distinct keys, each key with what a delete of it brings. */
const batches = fc
  .uniqueArray(
    fc.record({
      key: fc.string({ minLength: 1 }),
      sizeBytes: fc.nat(),
      lastModifiedMs: fc.nat(),
      end: fc.constantFrom(null, 'AccessDenied', 'InternalError'),
      batch: fc.nat(4),
    }),
    { selector: ({ key }) => key, maxLength: 60 },
  )
  .map((objects) => [0, 1, 2, 3, 4].map((number) => objects.filter(({ batch }) => batch === number)));

describe('addToTally', () => {
  it('counts every object once: as deleted or as failed', () => {
    fc.assert(
      fc.property(batches, (all) => {
        let tally = EMPTY_TALLY;
        for (const objects of all) {
          const stayed = objects.flatMap(({ key, end }) => (end === null ? [] : [{ key, code: end, message: '' }]));
          const batch = objects.map((object) => ({ ...object, etag: null }));
          tally = addToTally(tally, { batch, stayed });
        }
        const objects = all.flat();
        const gone = objects.filter(({ end }) => end === null);
        expect(tally).toMatchObject({
          matched: objects.length,
          deleted: gone.length,
          deletedBytes: gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
          failed: objects.length - gone.length,
          denied: objects.filter(({ end }) => end === 'AccessDenied').length,
        });
      }),
    );
  });

  it('names the first 100 failures and counts the rest', () => {
    const batch = Array.from({ length: 150 }, (_, number) => listedObject(`k${number}`, { ageMs: 0 }));
    const stayed = batch.map(({ key }) => ({ key, code: 'InternalError', message: '' }));
    const tally = addToTally(EMPTY_TALLY, { batch, stayed });
    expect(tally.failed).toBe(150);
    expect(tally.failures).toEqual(stayed.slice(0, 100));
  });
});

describe('addToSurvey', () => {
  it('sums objects, bytes and the span of their times over all pages', () => {
    fc.assert(
      fc.property(batches, (all) => {
        let survey = EMPTY_SURVEY;
        for (const page of all)
          survey = addToSurvey(
            survey,
            page.map((object) => ({ ...object, etag: null })),
          );
        const objects = all.flat();
        const times = objects.map(({ lastModifiedMs }) => lastModifiedMs);
        expect(survey).toEqual({
          objects: objects.length,
          bytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
          oldestMs: objects.length === 0 ? null : Math.min(...times),
          newestMs: objects.length === 0 ? null : Math.max(...times),
          samples: objects.slice(0, 10).map(({ key }) => key),
        });
      }),
    );
  });
});
