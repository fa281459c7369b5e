/**
 * Control characters of C0 and C1, line separators, and marks that change the direction of text: they can move the
 * cursor, change colours or hide what a line says.
 */
// oxlint-disable-next-line no-control-regex -- control characters are what this file is about
export const UNSAFE_TO_SHOW = /[\u0000-\u001f\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Writes a value as JSON on one line that is safe to show on a terminal. JSON itself escapes only C0, but a terminal
 * also obeys C1 (U+009B is CSI), and documents contain names and messages of a store. Parsers read the same value.
 */
export function toJsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll(UNSAFE_TO_SHOW, toUnicodeEscape);
}

/** `\u` and four hexadecimal digits. */
export function toUnicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
