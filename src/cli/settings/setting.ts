import { DURATION_FORMS, DURATION_PATTERN, formatDuration, parseDuration, SECONDS_PATTERN } from '../../duration.ts';

/** One setting: its name, parser and help. Shared by the flag, the environment and the user file. */
export interface Setting<T> {
  /** The flag without dashes. The environment variable adds the prefix `BREAKWATER_`; the user file uses snake_case. */
  readonly flag: string;
  readonly summary: string;
  /** The placeholder for the value in the help; null for a switch. */
  readonly placeholder: string | null;
  /** The default in the help; null for none. */
  readonly shownDefault: string | null;
  readonly fallback: T;
  /** The accepted values, for the error message. */
  readonly accepts: string;
  /** @returns undefined if the text is not accepted */
  readonly parse: (text: string) => T | undefined;
  readonly isNegatable?: boolean;
  /** Whether it names a file or directory: `~/` at its start is then the home directory. */
  readonly isPath?: boolean;
  /**
   * For a URL that may contain a secret: what of it, without credentials, may be shown. Anything else is masked whole,
   * because a secret may stand in its place; and a refused value is never shown.
   */
  readonly shownForm?: RegExp;
  /** What it has to be in the user file. Another type is a mistake, such as a path without its quotes. */
  readonly fileType: 'string' | 'number' | 'boolean';
  /** The usual form in the user file, as JSON Schema (draft 2020-12); `parse` accepts all that it allows, within the bounds of `accepts`. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Writes a value of `T` as the user file takes it. */
  readonly format: (value: unknown) => FileValue;
}

/** What a setting can be in the user file; null: it is not set. */
export type FileValue = string | number | boolean | null;

type Words = Pick<Setting<unknown>, 'flag' | 'summary'>;

/** The longest time a timer can wait, in whole days. */
const TIMER_MAX_MS = 24 * 86_400_000;

/** A switch: `true`, `false`, `1`, `0`, `yes`, `no` in the environment; only the first two in the user file. */
export function switchSetting<T>(words: Words & { fallback: T; isNegatable?: boolean }): Setting<T | boolean> {
  return {
    ...words,
    placeholder: null,
    shownDefault: null,
    accepts: 'true or false',
    parse: parseSwitch,
    fileType: 'boolean',
    schema: { type: 'boolean' },
    format: keepPlain,
  };
}

/** A time in ms, at least 1 unless `leastMs` is set, at most 24 days (the longest time a timer can wait) unless `mostMs` is. */
export function durationSetting<T>(
  words: Words & { fallback: T; leastMs?: number; mostMs?: number; shownDefault?: string },
): Setting<T | number> {
  const { leastMs = 1, mostMs = TIMER_MAX_MS, fallback } = words;
  return {
    ...words,
    placeholder: 'DURATION',
    shownDefault: words.shownDefault ?? (typeof fallback === 'number' ? formatDuration(fallback) : null),
    accepts: `${DURATION_FORMS}, from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`,
    parse: (text) => keepBetween(parseDuration(text), { least: leastMs, most: mostMs }),
    fileType: 'string',
    schema: { type: 'string', pattern: boundDuration({ leastMs, mostMs }) },
    format: (value) => (typeof value === 'number' ? formatDuration(value) : null),
  };
}

export function countSetting(words: Words & { fallback: number; least: number; most: number }): Setting<number> {
  const { least, most, fallback } = words;
  return {
    ...words,
    placeholder: 'N',
    shownDefault: String(fallback),
    accepts: `a whole number from ${least} to ${most}`,
    parse: (text) => keepBetween(parseCount(text), { least, most }),
    fileType: 'number',
    schema: { type: 'integer', minimum: least, maximum: most },
    format: keepPlain,
  };
}

/** One of several words. */
export function choiceSetting<T extends string>(words: Words & { fallback: T; choices: readonly T[] }): Setting<T> {
  const { choices, fallback } = words;
  return {
    ...words,
    placeholder: choices.join('|'),
    shownDefault: fallback,
    accepts: choices.join(' or '),
    parse: (text) => choices.find((choice) => choice === text),
    fileType: 'string',
    schema: { enum: choices },
    format: keepPlain,
  };
}

/** Written out, because the schema has it, too: not all that check by a schema know the classes of Unicode. */
// oxlint-disable-next-line no-control-regex -- control characters are what it refuses
const NOT_CONTROL = /^[^\u0000-\u001f\u007f-\u009f]{1,4096}$/u;

interface TextWords extends Words {
  readonly placeholder: string;
  readonly shownDefault: string;
  readonly accepts: string;
  readonly pattern?: RegExp;
  /** Narrower than `pattern`, for the schema: what is refused only where it is used, with more to say. */
  readonly schemaPattern?: RegExp;
  readonly shownForm?: RegExp;
  readonly isPath?: boolean;
}

/** Text that matches `pattern`; by default any text without control characters. */
export function textSetting({ schemaPattern, pattern = NOT_CONTROL, ...words }: TextWords): Setting<string | null> {
  return {
    ...words,
    fallback: null,
    fileType: 'string',
    parse: (text) => (pattern.test(text) ? text : undefined),
    schema: { type: 'string', pattern: (schemaPattern ?? pattern).source },
    format: keepPlain,
  };
}

/**
 * The pattern of a duration of at least 1 ms unless `leastMs` is 0, and of at most 24 days (of seconds below a minute), as
 * far as the largest unit says so.
 */
function boundDuration({ leastMs, mostMs }: { readonly leastMs: number; readonly mostMs: number }): string {
  const tooLong = String.raw`(?!0*(?:24(?:\.0*[1-9]\d*d|(?:\.0+)?d.*[1-9])|(?:2[5-9]|[3-9]\d|[1-9]\d\d+)(?:\.\d+)?d))`;
  const pattern = mostMs < 60_000 ? SECONDS_PATTERN : DURATION_PATTERN;
  return pattern.replace(/^\^/, `^${tooLong}${leastMs === 0 ? '' : '(?=.*[1-9])'}`);
}

/** Reads a whole number in decimal digits. */
export function parseCount(text: string): number | undefined {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  return Number.isSafeInteger(count) ? count : undefined;
}

export function parseSwitch(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (['true', '1', 'yes', 'y'].includes(word)) return true;
  return ['false', '0', 'no', 'n'].includes(word) ? false : undefined;
}

function keepPlain(value: unknown): FileValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** The value, or undefined if it is outside the bounds (inclusive). */
export function keepBetween(
  value: number | undefined,
  { least, most }: { least: number; most: number },
): number | undefined {
  return value !== undefined && value >= least && value <= most ? value : undefined;
}
