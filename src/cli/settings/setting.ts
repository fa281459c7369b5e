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
  /**
   * For a URL that may contain a secret: what of it, without credentials, may be shown. Anything else is masked whole,
   * because a secret may stand in its place; and a refused value is never shown.
   */
  readonly shownForm?: RegExp;
  /** In the user file, only text is accepted: a number there is a mistake, such as a path without its quotes. */
  readonly isText?: boolean;
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

/** A switch: `true`, `false`, `1`, `0`, `yes`, `no` in the environment and the user file. */
export function switchSetting<T>(words: Words & { fallback: T; isNegatable?: boolean }): Setting<T | boolean> {
  return {
    ...words,
    placeholder: null,
    shownDefault: null,
    accepts: 'true or false',
    parse: parseSwitch,
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
    schema: { type: 'string', pattern: mostMs < 60_000 ? SECONDS_PATTERN : DURATION_PATTERN },
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
    schema: { enum: choices },
    format: keepPlain,
  };
}

const NOT_CONTROL = /^[^\p{Cc}]{1,4096}$/u;

/** Text that matches `pattern`; by default any text without control characters. */
export function textSetting(
  words: Words & { placeholder: string; shownDefault: string; accepts: string; pattern?: RegExp; shownForm?: RegExp },
): Setting<string | null> {
  const { pattern = NOT_CONTROL } = words;
  return {
    ...words,
    fallback: null,
    isText: true,
    parse: (text) => (pattern.test(text) ? text : undefined),
    schema: { type: 'string', pattern: pattern.source },
    format: keepPlain,
  };
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
