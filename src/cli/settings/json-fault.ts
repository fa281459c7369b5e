/** Where a text stops being JSON, and what could stand there. It quotes nothing of the text, which may be a secret. */
export interface JsonFault {
  /** From 1. */
  readonly line: number;
  /** In UTF-16 units, from 1. */
  readonly column: number;
  /** Such as `a comma or }`. */
  readonly expected: string;
}

/** What a text is as JSON: its fault, or the keys of its outermost object, in order and as often as they are written. */
export type JsonSurvey = { readonly fault: JsonFault } | { readonly keys: readonly string[] };

/** Deeper nesting is refused, so that no file can exhaust the stack; a configuration has one level. */
const DEPTH_MAX = 100;

const SPACE = /[ \t\n\r]*/y;
/** As much of a string as is right, without its closing quote. */
const STRING_START = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*/uy;
const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?)(?![\w.+-])/y;

/**
 * Reads JSON (RFC 8259) for what `JSON.parse` does not say reliably: where the first fault is, and which keys are
 * written twice.
 */
export function surveyJson(text: string): JsonSurvey {
  const reader = new JsonReader(text);
  try {
    reader.readAll();
    return { keys: reader.keys };
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return { fault: locate(text, error) };
  }
}

class Misfit extends Error {
  readonly offset: number;
  readonly expected: string;

  constructor(offset: number, expected: string) {
    super(`expected ${expected}`);
    this.offset = offset;
    this.expected = expected;
  }
}

class JsonReader {
  readonly keys: string[] = [];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readAll(): void {
    this.#readValue(1);
    this.#take(SPACE);
    if (this.#at < this.#text.length) this.#refuse('the end of the file');
  }

  #readValue(depth: number): void {
    this.#take(SPACE);
    const first = this.#text[this.#at];
    if (depth > DEPTH_MAX) this.#refuse('less nesting');
    if (first === '{') this.#readItems(depth, '}');
    else if (first === '[') this.#readItems(depth, ']');
    else if (first === '"') this.#readString();
    else if (this.#take(SCALAR) === '') this.#refuse('a value');
  }

  /** The entries of an object, or the values of a list. */
  #readItems(depth: number, end: '}' | ']'): void {
    this.#at += 1;
    this.#take(SPACE);
    if (this.#skip(end)) return;
    do {
      if (end === '}') this.#readKey(depth);
      this.#readValue(depth + 1);
      this.#take(SPACE);
    } while (this.#skip(','));
    if (!this.#skip(end)) this.#refuse(`a comma or ${end}`);
  }

  #readKey(depth: number): void {
    this.#take(SPACE);
    if (this.#text[this.#at] !== '"') this.#refuse('a key in double quotes');
    const key = this.#readString();
    if (depth === 1) this.keys.push(key);
    this.#take(SPACE);
    if (!this.#skip(':')) this.#refuse('a colon');
  }

  #readString(): string {
    const start = this.#take(STRING_START);
    if (!this.#skip('"')) this.#refuse(this.#text[this.#at] === '\\' ? 'an escape of JSON' : 'a double quote');
    return String(JSON.parse(`${start}"`));
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #take(pattern: RegExp): string {
    const sticky = pattern;
    sticky.lastIndex = this.#at;
    const [taken = ''] = sticky.exec(this.#text) ?? [];
    this.#at += taken.length;
    return taken;
  }

  #refuse(expected: string): never {
    throw new Misfit(this.#at, expected);
  }
}

function locate(text: string, { offset, expected }: Misfit): JsonFault {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1, expected };
}
