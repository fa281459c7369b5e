/** Units of a duration, largest first, in ms. */
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** The forms that `parseDuration` accepts, for error messages and help. */
export const DURATION_FORMS = 'a duration with a unit (ms, s, m, h, d), such as 500ms, 30s or 7d10h';

const DURATION =
  /^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/;

/** The same as a regular expression, which an empty text does not match. */
export const DURATION_PATTERN = `^(?!$)(?:0|${DURATION.source.slice(1, -1)})$`;

/** The same without minutes and longer units, for durations that are always shorter. */
export const SECONDS_PATTERN = '^(?!$)(?:\\d+(?:\\.\\d+)?s)?(?:\\d+ms)?$';

/**
 * Reads `500ms`, `30s`, `5m`, `24h`, `7d` or a compound such as `7d10h` (largest unit first) as whole ms. Every number
 * but `0` needs a unit: a guessed one could delete the wrong week.
 * @returns undefined if the text is not a duration, or exceeds the safe integers
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const match = DURATION.exec(text);
  if (match === null || text === '') return undefined;
  const ms = Math.round(UNITS.reduce((sum, [, unitMs], index) => sum + Number(match[index + 1] ?? 0) * unitMs, 0));
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** The inverse of `parseDuration`: `90000` becomes `1m30s`. */
export function formatDuration(ms: number): string {
  let restMs = Math.max(0, Math.round(ms));
  if (restMs === 0) return '0s';
  let text = '';
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(restMs / unitMs);
    if (count === 0) continue;
    text += `${count}${unit}`;
    restMs -= count * unitMs;
  }
  return text;
}
