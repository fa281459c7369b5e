import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PARTS_MAX } from '../../../../src/s3/protocol/limits.ts';
import {
  choosePartSize,
  PART_BYTES_DEFAULT,
  PART_BYTES_MAX,
  PART_BYTES_MIN,
  planPartSize,
} from '../../../../src/transfer/put/part-size.ts';

const MIB = 1024 * 1024;
/** S3's largest object that any part plan must hold. */
const OBJECT_BYTES_MAX = 5 * 1024 * 1024 * MIB;

describe('planPartSize', () => {
  it.each([
    ['a source of unknown length', null, PART_BYTES_DEFAULT],
    ['an empty object', 0, PART_BYTES_DEFAULT],
    ['the most that default parts hold', PART_BYTES_DEFAULT * PARTS_MAX, PART_BYTES_DEFAULT],
    ['one byte more than default parts hold', PART_BYTES_DEFAULT * PARTS_MAX + 1, 9 * MIB],
    ['the largest object', OBJECT_BYTES_MAX, 525 * MIB],
  ])('plans %s', (_what, sizeBytes, expected) => {
    expect(planPartSize(sizeBytes)).toBe(expected);
  });

  it('covers every size up to 5 TiB with at most 10,000 parts that S3 takes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: OBJECT_BYTES_MAX }), (sizeBytes) => {
        const partBytes = planPartSize(sizeBytes);
        expect(Math.ceil(sizeBytes / partBytes)).toBeLessThanOrEqual(PARTS_MAX);
        expect(partBytes).toBeGreaterThanOrEqual(PART_BYTES_MIN);
        expect(partBytes).toBeLessThanOrEqual(PART_BYTES_MAX);
        expect(partBytes % MIB).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('never plans smaller parts for a larger object', () => {
    const size = fc.integer({ min: 0, max: OBJECT_BYTES_MAX });
    fc.assert(
      fc.property(size, size, (a, b) => {
        expect(planPartSize(Math.min(a, b))).toBeLessThanOrEqual(planPartSize(Math.max(a, b)));
      }),
    );
  });
});

describe('choosePartSize', () => {
  it.each([
    ['plans where nothing is asked for', 1, null, PART_BYTES_DEFAULT],
    ['takes what is asked for', 100 * MIB, 5 * MIB, 5 * MIB],
    ['takes what just fits', PARTS_MAX * 5 * MIB, 5 * MIB, 5 * MIB],
  ])('%s', (_what, sizeBytes, askedBytes, expected) => {
    expect(choosePartSize({ path: 'f', sizeBytes }, askedBytes)).toBe(expected);
  });

  it.each([
    ['more than 10,000 parts', PARTS_MAX * 5 * MIB + 1, 5 * MIB],
    ['more than 5 TiB', OBJECT_BYTES_MAX + 1, null],
  ])('refuses %s', (_what, sizeBytes, askedBytes) => {
    expect(() => choosePartSize({ path: 'f', sizeBytes }, askedBytes)).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  });
});
