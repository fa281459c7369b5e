/** Codes of "select graphic rendition" (ECMA-48, section 8.3.117). */
const CODES = { faint: 2, red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36 } as const;

export type Paint = keyof typeof CODES;

/** Text in a colour, for a terminal. A colour never stands alone: the text says the same. */
export function paint(text: string, colour: Paint): string {
  return `\u001b[${CODES[colour]}m${text}\u001b[0m`;
}
