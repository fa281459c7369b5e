/** Whether to colour a stream: depends on `NO_COLOR`, the flag and the terminal. `CI` alone never enables colour. */
export function decidesColour({ env, noColor, isTerminal }: ColourQuestion): boolean {
  if ((env['NO_COLOR'] ?? '') !== '' || noColor || env['TERM'] === 'dumb') return false;
  return isTerminal;
}

export interface ColourQuestion {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--no-color` */
  readonly noColor: boolean;
  readonly isTerminal: boolean;
}

/** Whether symbols must be ASCII: the flag, or a non-UTF-8 locale (POSIX: the first variable set decides). */
export function decidesAscii({ env, ascii }: Pick<ColourQuestion, 'env'> & { readonly ascii: boolean }): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => (value ?? '') !== '');
  return ascii || !/utf-?8/i.test(locale ?? '');
}
