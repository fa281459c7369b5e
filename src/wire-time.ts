import { formatHttpTime, formatTime } from './clock.ts';

const ISO = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/**
 * ISO 8601 with a zone, as in S3's XML (RFC 3339, section 5.6), in ms since the Unix epoch. Null for anything else,
 * including impossible dates and times without a zone, which would differ by machine.
 */
export function parseIsoTime(text: string): number | null {
  const [, seconds = '', decimals = '', sign, hours, minutes] = ISO.exec(text) ?? [];
  const utcMs = Date.parse(`${seconds}Z`);
  // `Date.parse` reads February 30 as March 1 or 2, and 24:00 as the next day.
  if (Number.isNaN(utcMs) || formatTime(utcMs).slice(0, seconds.length) !== seconds) return null;
  const offsetMs = sign === undefined ? 0 : (Number(hours) * 60 + Number(minutes)) * 60_000;
  return utcMs + Number(decimals.slice(0, 3).padEnd(3, '0')) - (sign === '-' ? -offsetMs : offsetMs);
}

/** ISO 8601, as UTC if it has no zone, as in S3 Inventory. In ms since the Unix epoch, or null. */
export function parseUtcTime(text: string): number | null {
  return parseIsoTime(text) ?? parseIsoTime(`${text}Z`);
}

const IMF_FIXDATE = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d) GMT$/;
const MONTHS: readonly string[] = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/**
 * The date of an HTTP header such as `Date` or `Last-Modified` (IMF-fixdate: RFC 9110, section 5.6.7), in ms since the
 * Unix epoch. Null for anything else, including a wrong day of the week.
 */
export function parseHttpTime(text: string): number | null {
  const [, day, name = '', year, time] = IMF_FIXDATE.exec(text) ?? [];
  const month = String(MONTHS.indexOf(name) + 1).padStart(2, '0');
  const timeMs = Date.parse(`${year}-${month}-${day}T${time}Z`);
  // What is read as another time, such as February 30, does not come out as it went in.
  return !Number.isNaN(timeMs) && formatHttpTime(timeMs) === text ? timeMs : null;
}

/** March 2006, in ms, when S3 launched. No object is older. */
const S3_BEGAN_MS = 1_141_171_200_000;

/** When an object was stored; null (unknown) before S3 launched: stores without times send 1970 or the year 1. */
export function sinceS3Began(timeMs: number): number | null {
  return timeMs < S3_BEGAN_MS ? null : timeMs;
}
