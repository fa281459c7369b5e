/** Whether a stream gets colours: `NO_COLOR`, then the flag, then the terminal. `CI` alone never turns them on. */
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
