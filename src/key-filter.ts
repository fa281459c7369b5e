import picomatch from 'picomatch';

export interface KeyPatterns {
  /** Keys to include; empty for all. */
  readonly include: readonly string[];
  /** Keys to leave out; wins over `include`. */
  readonly exclude: readonly string[];
}

export type KeyFilter = (relativeKey: string) => boolean;

/**
 * Selects keys or paths by glob. As in .gitignore, a pattern without a slash matches the last segment at any depth
 * (`*.log`), one with a slash the whole name below the source or prefix (`a/**`). Compiled once, for a million keys.
 */
export function createKeyFilter({ include, exclude }: KeyPatterns): KeyFilter {
  const included = include.map(compile);
  const excluded = exclude.map(compile);
  return (key) =>
    (included.length === 0 || included.some((matches) => matches(key))) && !excluded.some((matches) => matches(key));
}

/** A leading slash anchors a pattern and is not part of the name. */
function compile(pattern: string): KeyFilter {
  const options = { dot: true, nonegate: true, strictSlashes: true } as const;
  if (!pattern.includes('/')) {
    const matchesName = picomatch(pattern, options);
    return (key) => matchesName(key.slice(key.lastIndexOf('/') + 1));
  }
  const matchesKey = picomatch(pattern.replace(/^\//u, ''), options);
  return (key) => matchesKey(key);
}
