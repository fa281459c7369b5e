/** A node of a regular expression. */
export type PatternNode =
  | { readonly kind: 'character'; readonly accepts: (character: string) => boolean }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly branches: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly body: PatternNode; readonly least: number; readonly most: number }
  | { readonly kind: 'look'; readonly body: PatternNode; readonly isNegative: boolean }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' };

/** Upper limit of a counted repetition, which is written out. */
const COUNT_MAX = 100;

const QUANTIFIER = /(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})\??/uy;
/** A character class, an escape, or one character. */
const CHARACTER = /\[(?:\\[^]|[^\]\\])*\]|\\(?:x[\da-f]{2}|u[\da-f]{4}|c[a-z]|[^])|[^]/iy;
/** Escapes that depend on more than one character. */
const UNKNOWN_ESCAPE = /^\\[1-9bBk]/;

/**
 * Reads the source of a regular expression without flags.
 * @returns null for what it does not know: back references, word boundaries, lookbehind, named groups
 */
export function parsePatternSource(source: string): PatternNode | null {
  const reader: Reader = { source, at: 0 };
  const node = parseChoice(reader);
  return node !== null && reader.at === source.length ? node : null;
}

interface Reader {
  readonly source: string;
  at: number;
}

function parseChoice(reader: Reader): PatternNode | null {
  const branches: PatternNode[] = [];
  do {
    const branch = parseSequence(reader);
    if (branch === null) return null;
    branches.push(branch);
  } while (takes(reader, '|'));
  const [only] = branches;
  return branches.length === 1 && only !== undefined ? only : { kind: 'choice', branches };
}

function parseSequence(reader: Reader): PatternNode | null {
  const parts: PatternNode[] = [];
  while (reader.at < reader.source.length && !'|)'.includes(reader.source.charAt(reader.at))) {
    const atom = parseAtom(reader);
    const part = atom === null ? null : parseQuantifier(reader, atom);
    if (part === null) return null;
    parts.push(part);
  }
  return { kind: 'sequence', parts };
}

function parseAtom(reader: Reader): PatternNode | null {
  if (takes(reader, '^')) return { kind: 'start' };
  if (takes(reader, '$')) return { kind: 'end' };
  if (takes(reader, '(?=')) return closeGroup(reader, (body) => ({ kind: 'look', body, isNegative: false }));
  if (takes(reader, '(?!')) return closeGroup(reader, (body) => ({ kind: 'look', body, isNegative: true }));
  if (takes(reader, '(?:')) return closeGroup(reader, (body) => body);
  if (reader.source.startsWith('(?', reader.at)) return null;
  if (takes(reader, '(')) return closeGroup(reader, (body) => body);
  return parseCharacter(reader);
}

function closeGroup(reader: Reader, wrap: (body: PatternNode) => PatternNode): PatternNode | null {
  const body = parseChoice(reader);
  return body !== null && takes(reader, ')') ? wrap(body) : null;
}

function parseCharacter(reader: Reader): PatternNode | null {
  const text = takeMatch(reader, CHARACTER)?.[0];
  if (text === undefined || UNKNOWN_ESCAPE.test(text) || '*+?'.includes(text)) return null;
  if (text.length === 1 && text !== '.') return { kind: 'character', accepts: (character) => character === text };
  // The engine itself decides which characters a class or an escape contains.
  const one = new RegExp(`^${text}$`);
  return { kind: 'character', accepts: (character) => one.test(character) };
}

function parseQuantifier(reader: Reader, body: PatternNode): PatternNode | null {
  const found = takeMatch(reader, QUANTIFIER);
  if (found === null) return body;
  const [text, low, comma, high] = found;
  if (low === undefined) {
    return { kind: 'repeat', body, least: text.startsWith('+') ? 1 : 0, most: text.startsWith('?') ? 1 : Infinity };
  }
  const least = Number(low);
  const most = comma === undefined ? least : high === undefined || high === '' ? Infinity : Number(high);
  return Math.max(least, Number.isFinite(most) ? most : 0) > COUNT_MAX ? null : { kind: 'repeat', body, least, most };
}

function takes(reader: Reader, text: string): boolean {
  const isThere = reader.source.startsWith(text, reader.at);
  if (isThere) reader.at += text.length;
  return isThere;
}

function takeMatch(reader: Reader, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.source);
  if (found !== null) reader.at += found[0].length;
  return found;
}
