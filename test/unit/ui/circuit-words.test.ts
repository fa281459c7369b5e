import { env } from 'node:process';
import { afterEach, describe, expect, it } from 'vitest';
import { formatClock } from '../../../src/clock.ts';
import { formatAllowedAgain } from '../../../src/ui/circuit-words.ts';

const { TZ } = env;
const NOW = Date.UTC(2026, 9, 24, 21, 59, 30);

afterEach(() => {
  if (TZ === undefined) delete env['TZ'];
  else env['TZ'] = TZ;
});

describe('formatClock', () => {
  it.each([
    ['UTC', 12_000, '21:59:42 UTC', 'today'],
    ['UTC', 12_001, '21:59:43 UTC', 'a second that is not over is not yet the time'],
    ['UTC', 7_200_000 + 30_000, '00:00:00 UTC tomorrow', 'midnight'],
    ['Europe/Berlin', 29_000, '23:59:59 UTC+2', 'the zone of the reader'],
    ['Europe/Berlin', 30_000, '00:00:00 UTC+2 tomorrow', 'midnight there'],
    ['Europe/Berlin', 4 * 3_600_000, '02:59:30 UTC+1 tomorrow', 'after the clock was set back'],
    ['America/St_Johns', 30_000, '19:30:00 UTC-2:30', 'west, half an hour'],
    ['Asia/Kolkata', 30_000, '03:30:00 UTC+5:30', 'east, half an hour'],
    ['UTC', 7 * 86_400_000, '21:59:30 UTC on 2026-10-31', 'another day'],
  ])('in %s, %d ms from now is %s: %s', (zone, inMs, text) => {
    env['TZ'] = zone;
    expect(formatClock(NOW + inMs, NOW)).toBe(text);
  });
});

describe('formatAllowedAgain', () => {
  it.each([
    ['open', 42_000, 'allowed again at 22:00:12 UTC, in 42 s'],
    ['isolated', 3_600_000, 'allowed again at 22:59:30 UTC, in 60 min'],
    ['isolated', 3 * 86_400_000, 'allowed again at 21:59:30 UTC on 2026-10-27, in 3 d'],
    ['isolated', null, null],
    [null, null, null],
    [
      'probe_in_progress',
      30_000,
      'allowed again when the probe ends; its time is up at 22:00:00 UTC, in 30 s, unless renewed',
    ],
  ] as const)('%s, %s ms: %s', (refusal, retryAfterMs, text) => {
    env['TZ'] = 'UTC';
    expect(formatAllowedAgain({ refusal, retryAfterMs }, NOW)).toBe(text);
  });
});
