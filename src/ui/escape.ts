/** C0 and C1 control characters, line separators, and marks that change the text direction. */
// oxlint-disable-next-line no-control-regex -- control characters are what this file is about
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Makes a name safe to show on one line of a terminal. Escapes characters that could move the cursor or change colours
 * or text direction, because names from S3 and disk may contain anything.
 */
export function escapeControls(text: string): string {
  return text.replaceAll(UNSAFE, (character) => SHORT[character] ?? writeEscape(character));
}

/** Applies `escapeControls` to every string in a value. Numbers, keys and structure stay the same. */
export function escapeAll<T>(value: T): T {
  // Strings, lists and records keep their kind, so the type is unchanged.
  return escapeValue(value) as T;
}

function escapeValue(value: unknown): unknown {
  if (typeof value === 'string') return escapeControls(value);
  if (Array.isArray(value)) return value.map(escapeValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, escapeValue(entry)]));
}

function writeEscape(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
