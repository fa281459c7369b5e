/** Whether a stream gets colours: `NO_COLOR`, the flag, then the terminal. `CI` alone never turns them on. */
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

/** Whether symbols must be ASCII: by the flag, or if the locale is not UTF-8 (POSIX: the first variable that is set decides). */
export function decidesAscii({ env, ascii }: Pick<ColourQuestion, 'env'> & { readonly ascii: boolean }): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => (value ?? '') !== '');
  return ascii || !/utf-?8/i.test(locale ?? '');
}
