import { describe, expect, it } from 'vitest';
import { pastTime } from '../../src/stored-time.ts';

const NOW_MS = Date.UTC(2026, 0, 2);
const DAY_MS = 86_400_000;

describe('pastTime', () => {
  it.each([
    ['a time in the past stays', NOW_MS - DAY_MS, NOW_MS, NOW_MS - DAY_MS],
    ['now stays', NOW_MS, NOW_MS, NOW_MS],
    ['a time in the future counts as now', NOW_MS + DAY_MS, NOW_MS, NOW_MS],
    ['a clock that shows 1970 limits nothing', NOW_MS, DAY_MS, NOW_MS],
  ])('%s', (_what, storedMs, nowMs, expected) => {
    expect(pastTime(storedMs, nowMs)).toBe(expected);
  });
});
