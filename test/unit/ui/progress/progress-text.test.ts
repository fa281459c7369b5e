import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatProgress,
  formatTimeLeft,
  measureRate,
  measureShare,
} from '../../../../src/ui/progress/progress-text.ts';
import { NO_TRANSFER } from '../../../../src/ui/progress/progress-snapshot.ts';

const MIB = 1_048_576;

describe('describeBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [102_400, '100 KiB'],
    [MIB, '1.0 MiB'],
    [1024 ** 3, '1.0 GiB'],
    [5 * 1024 ** 4, '5.0 TiB'],
    [5000 * 1024 ** 4, '5000 TiB'],
  ])('writes %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('describeTimeLeft', () => {
  it.each([
    [0, '0:00'],
    [1, '0:01'],
    [7000, '0:07'],
    [7001, '0:08'],
    [59_001, '1:00'],
    [750_000, '12:30'],
    [3_600_000, '1:00:00'],
    [11_100_000, '3:05:00'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatTimeLeft(ms)).toBe(text);
  });
});

describe('measureRate', () => {
  it.each([
    ['before it began', { startedAtMs: null, movedBytes: 0 }, null],
    ['before a byte has moved', { startedAtMs: 0, movedBytes: 0 }, null],
    ['in the same moment', { startedAtMs: 2000, movedBytes: 5 }, null],
    ['over the whole run', { startedAtMs: 0, movedBytes: 500 }, 250],
  ])('%s', (_when, snapshot, rate) => {
    expect(measureRate({ ...NO_TRANSFER, ...snapshot }, 2000)).toBe(rate);
  });
});

describe('measureShare', () => {
  it.each([
    [5, null, null],
    [0, 10, 0],
    [5, 10, 0.5],
    [10, 10, 1],
    [11, 10, 1],
    [0, 0, 1],
  ])('of %d of %s bytes is %s', (movedBytes, totalBytes, share) => {
    expect(measureShare({ ...NO_TRANSFER, movedBytes, totalBytes })).toBe(share);
  });
});

describe('describeProgress', () => {
  const one = { ...NO_TRANSFER, started: 1, startedAtMs: 0 };

  it.each([
    [
      'one with a known size',
      { ...one, movedBytes: 4 * MIB, totalBytes: 8 * MIB },
      '50 % of 8.0 MiB, 4.0 MiB/s, 0:01 left',
    ],
    ['one that has not moved', { ...one, totalBytes: 8 * MIB }, '0 % of 8.0 MiB'],
    // A percent is full only when all is there.
    ['one almost done', { ...one, movedBytes: 999, totalBytes: 1000 }, '99 % of 1000 B, 999 B/s, 0:01 left'],
    ['one that is done', { ...one, movedBytes: 1000, totalBytes: 1000 }, '100 % of 1000 B, 1000 B/s, 0:00 left'],
    [
      'one that moved more than it said',
      { ...one, movedBytes: 3000, totalBytes: 1000 },
      '100 % of 1000 B, 2.9 KiB/s, 0:00 left',
    ],
    ['an empty one', { ...one, totalBytes: 0 }, '100 % of 0 B'],
    ['a stream', { ...one, movedBytes: 2048 }, '2.0 KiB, 2.0 KiB/s'],
    ['many', { ...one, started: 12, finished: 10, movedBytes: 2048 }, '10 of 12 started, 2.0 KiB, 2.0 KiB/s'],
    ['many, some failed', { ...one, started: 3, failed: 2 }, '0 of 3 started, 0 B, 2 failed'],
    ['a sweep', { ...one, started: 0, swept: 5, movedBytes: 10, failed: 1 }, '5 deleted, 10 B, 10 B/s, 1 failed'],
    ['nothing yet', NO_TRANSFER, '0 B'],
  ])('describes %s', (_what, snapshot, text) => {
    expect(formatProgress(snapshot, 1000)).toBe(text);
  });

  it('never speaks of less than nothing, or of numbers that are none', () => {
    const snapshot = fc.record({
      name: fc.constant(null),
      started: fc.nat(3),
      finished: fc.nat(3),
      failed: fc.nat(3),
      movedBytes: fc.maxSafeNat(),
      totalBytes: fc.option(fc.maxSafeNat()),
      swept: fc.nat(3),
      startedAtMs: fc.option(fc.nat(1000)),
      inFlight: fc.nat(3),
      waits: fc.constant([]),
      holds: fc.constant([]),
      circuit: fc.constant(null),
    });
    fc.assert(
      fc.property(snapshot, fc.nat({ max: 1_000_000 }), (any, laterMs) => {
        expect(formatProgress(any, (any.startedAtMs ?? 0) + laterMs)).not.toMatch(/-|NaN|Infinity|undefined/);
      }),
    );
  });
});
