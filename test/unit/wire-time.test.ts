import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHttpTime, formatTime } from '../../src/clock.ts';
import { parseHttpTime, parseIsoTime, parseUtcTime, sinceS3Began } from '../../src/wire-time.ts';

/** From year 1 to year 9999: what four digits can say. */
const TIME_MS = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });

describe('parseIsoTime', () => {
  it.each([
    ['2026-01-02T03:04:05Z', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['2026-01-02T03:04:05.6Z', Date.UTC(2026, 0, 2, 3, 4, 5, 600)],
    ['2026-01-02T03:04:05.678901Z', Date.UTC(2026, 0, 2, 3, 4, 5, 678)],
    ['2026-01-02T03:04:05+05:30', Date.UTC(2026, 0, 1, 21, 34, 5)],
    ['2026-01-02T03:04:05.5-01:00', Date.UTC(2026, 0, 2, 4, 4, 5, 500)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
  ])('reads %s', (text, timeMs) => {
    expect(parseIsoTime(text)).toBe(timeMs);
  });

  it.each([
    ['', 'nothing'],
    ['9999', 'a number'],
    ['2026-01-02', 'a day'],
    ['2026-01-02T03:04:05', 'no zone'],
    ['2026-01-02 03:04:05Z', 'a space for the T'],
    ['2026-01-02T03:04Z', 'no seconds'],
    ['2026-01-02T03:04:05+0530', 'an offset without its colon'],
    ['2026-01-02T03:04:05+24:00', 'an offset of a day'],
    ['2026-02-30T03:04:05Z', 'February 30'],
    ['2025-02-29T03:04:05Z', 'February 29 of a common year'],
    ['2026-13-02T03:04:05Z', 'month 13'],
    ['2026-00-02T03:04:05Z', 'month 0'],
    ['2026-01-32T03:04:05Z', 'day 32'],
    ['2026-01-02T24:00:00Z', 'hour 24'],
    ['2026-01-02T25:00:00Z', 'hour 25'],
    ['2026-01-02T03:60:00Z', 'minute 60'],
    ['2026-01-02T03:04:60Z', 'second 60'],
    ['+002026-01-02T03:04:05Z', 'six digits for the year'],
    [' 2026-01-02T03:04:05Z', 'a space before it'],
    ['Fri, 02 Jan 2026 03:04:05 GMT', 'the form of HTTP'],
  ])('takes %j for no time: %s', (text) => {
    expect(parseIsoTime(text)).toBeNull();
  });

  it('reads back whatever we write', () => {
    fc.assert(
      fc.property(TIME_MS, (timeMs) => {
        expect(parseIsoTime(formatTime(timeMs))).toBe(timeMs);
      }),
    );
  });
});

describe('parseUtcTime', () => {
  it.each([
    ['2026-01-02T03:04:05.000Z', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['2026-01-02T03:04:05', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['2026-01-02T03:04:05.25', Date.UTC(2026, 0, 2, 3, 4, 5, 250)],
    ['2026-01-02T03:04:05+01:00', Date.UTC(2026, 0, 2, 2, 4, 5)],
    ['2026-02-30T03:04:05', null],
    ['2026-01-02', null],
    ['1', null],
    ['', null],
  ])('reads %j as %j', (text, timeMs) => {
    expect(parseUtcTime(text)).toBe(timeMs);
  });
});

describe('parseHttpTime', () => {
  it.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['Thu, 29 Feb 2024 23:59:59 GMT', Date.UTC(2024, 1, 29, 23, 59, 59)],
  ])('reads %s', (text, timeMs) => {
    expect(parseHttpTime(text)).toBe(timeMs);
  });

  it.each([
    ['', 'nothing'],
    ['9999', 'a number'],
    ['yesterday', 'a word'],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 'the obsolete form of RFC 850'],
    ['Sun Nov  6 08:49:37 1994', 'the obsolete form of asctime'],
    ['Sun, 06 Nov 1994 08:49:37 UTC', 'another zone'],
    ['Sun, 06 Nov 1994 08:49:37 +0100', 'an offset'],
    ['Sun, 6 Nov 1994 08:49:37 GMT', 'one digit for the day'],
    ['sun, 06 nov 1994 08:49:37 GMT', 'names in lower case'],
    ['Mon, 06 Nov 1994 08:49:37 GMT', 'the wrong day of the week'],
    ['Fri, 30 Feb 2024 08:49:37 GMT', 'February 30'],
    ['Sun, 06 Nov 1994 25:49:37 GMT', 'hour 25'],
    ['Sun, 06 Xyz 1994 08:49:37 GMT', 'no month'],
    ['1994-11-06T08:49:37Z', 'the form of ISO 8601'],
  ])('takes %j for no time: %s', (text) => {
    expect(parseHttpTime(text)).toBeNull();
  });

  it('reads back whatever we write, in whole seconds', () => {
    fc.assert(
      fc.property(TIME_MS, (timeMs) => {
        expect(parseHttpTime(formatHttpTime(timeMs))).toBe(Math.floor(timeMs / 1000) * 1000);
      }),
    );
  });
});

describe('any text', () => {
  it('is a time only if it is written as one', () => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      fc.stringMatching(/^(Sun|Mon), \d\d (Jan|Feb|Jun) \d{4} \d\d:\d\d:\d\d GMT$/),
    );
    fc.assert(
      fc.property(text, (each) => {
        const [isoMs, httpMs] = [parseIsoTime(each), parseHttpTime(each)];
        if (isoMs !== null) expect(formatTime(isoMs)).toBe(each.replace('Z', '.000Z'));
        if (httpMs !== null) expect(formatHttpTime(httpMs)).toBe(each);
      }),
    );
  });
});

describe('sinceS3Began', () => {
  it.each([
    ['the year 1', -62_135_596_800_000, null],
    ['1970', 0, null],
    ['the last moment of February 2006', Date.UTC(2006, 2) - 1, null],
    ['March 2006', Date.UTC(2006, 2), Date.UTC(2006, 2)],
  ])('knows %s as %j', (_when, timeMs, expected) => {
    expect(sinceS3Began(timeMs)).toBe(expected);
  });
});
