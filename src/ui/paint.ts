/** "Select graphic rendition" codes (ECMA-48, section 8.3.117). */
const CODES = { strong: 1, faint: 2, red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36 } as const;

export type Paint = keyof typeof CODES;

/** Colours text for a terminal. The text must carry the same meaning without colour. */
export function paint(text: string, colour: Paint): string {
  return `\u001b[${CODES[colour]}m${text}\u001b[0m`;
}
