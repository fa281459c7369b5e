/** A stored value that this program cannot have written. The file is treated as corrupt. */
export class CorruptRow extends Error {
  override readonly name = 'CorruptRow';
}

/** The latest time that a `Date` can hold; ECMAScript, time values and time range. */
const LATEST_TIME_MS = 8.64e15;

/** Reads the fields of one stored record. @throws CorruptRow for an unexpected type or shape */
export class Fields {
  readonly #record: Readonly<Record<string, unknown>>;

  constructor(record: unknown) {
    if (!isRecord(record)) throw new CorruptRow('a stored record is not a record');
    this.#record = record;
  }

  has(name: string): boolean {
    return this.#record[name] !== undefined;
  }

  text(name: string): string {
    const value = this.#record[name];
    return typeof value === 'string' ? value : this.#refuse(name);
  }

  textOrNull(name: string): string | null {
    return this.#record[name] === null ? null : this.text(name);
  }

  number(name: string): number {
    const value = this.#record[name];
    // A column that may exceed a double is read as a bigint.
    const number = typeof value === 'bigint' ? Number(value) : value;
    return typeof number === 'number' && Number.isFinite(number) ? number : this.#refuse(name);
  }

  /** A whole number that a double holds exactly. */
  whole(name: string): number {
    const value = this.number(name);
    return Number.isSafeInteger(value) ? value : this.#refuse(name);
  }

  wholeOrNull(name: string): number | null {
    return this.#record[name] === null ? null : this.whole(name);
  }

  /** A whole number between two bounds, both included. */
  between(name: string, least: number, most: number): number {
    const value = this.whole(name);
    return value >= least && value <= most ? value : this.#refuse(name);
  }

  betweenOrNull(name: string, least: number, most: number): number | null {
    return this.#record[name] === null ? null : this.between(name, least, most);
  }

  /** A time that can be written as a date, in ms since the Unix epoch. */
  time(name: string): number {
    return this.between(name, -LATEST_TIME_MS, LATEST_TIME_MS);
  }

  timeOrNull(name: string): number | null {
    return this.#record[name] === null ? null : this.time(name);
  }

  word<Word extends string>(name: string, words: readonly Word[]): Word {
    const value = this.#record[name];
    return words.find((word) => word === value) ?? this.#refuse(name);
  }

  /** An object or null, in a column or a nested field. */
  objectOrNull<T>(name: string, parse: (fields: Fields) => T): T | null {
    return this.#record[name] === null ? null : parse(new Fields(this.#record[name]));
  }

  /** JSON in a column. */
  json(name: string): unknown {
    const text = this.text(name);
    try {
      const value: unknown = JSON.parse(text);
      return value;
    } catch {
      return this.#refuse(name);
    }
  }

  /** A JSON object or null in a column. */
  jsonOrNull<T>(name: string, parse: (fields: Fields) => T): T | null {
    return this.#record[name] === null ? null : parse(new Fields(this.json(name)));
  }

  /** A JSON list of numbers in a column. */
  jsonNumbers(name: string): readonly number[] {
    const value = this.json(name);
    const isList = Array.isArray(value) && value.every((entry) => typeof entry === 'number' && Number.isFinite(entry));
    return isList ? value : this.#refuse(name);
  }

  /** A JSON object of strings in a column. */
  jsonTexts(name: string): Readonly<Record<string, string>> {
    const value = this.json(name);
    if (!isRecord(value)) return this.#refuse(name);
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, typeof entry === 'string' ? entry : this.#refuse(name)]),
    );
  }

  #refuse(name: string): never {
    throw new CorruptRow(`the stored field ${name} is not what this program stores`);
  }
}

/**
 * What a record means. Nothing if it is missing, or not stored by this program: a bad row must not fail the others.
 * @param onUnusable receives the reason
 */
export function parseUsable<T>(
  record: unknown,
  parse: (record: unknown) => T,
  onUnusable: (reason: string) => void = () => undefined,
): readonly T[] {
  if (record === undefined) return [];
  try {
    return [parse(record)];
  } catch (error) {
    if (!(error instanceof CorruptRow)) throw error;
    onUnusable(error.message);
    return [];
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
