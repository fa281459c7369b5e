import { toUnicodeEscape, UNSAFE_TO_SHOW } from './json-text.ts';

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Makes a name safe to show on one line of a terminal. Escapes characters that could move the cursor or change colours
 * or text direction, because names from S3 and disk may contain anything.
 */
export function escapeControls(text: string): string {
  return text.replaceAll(UNSAFE_TO_SHOW, (character) => SHORT[character] ?? writeEscape(character));
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
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : toUnicodeEscape(character);
}
