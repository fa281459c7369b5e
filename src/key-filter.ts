import picomatch from 'picomatch';

export interface KeyPatterns {
  /** What is taken; empty for everything. */
  readonly include: readonly string[];
  /** What is left out, also of what is included. */
  readonly exclude: readonly string[];
}

export type KeyFilter = (relativeKey: string) => boolean;

/**
 * Decides by glob which keys or paths are taken. A pattern without a slash is held against the last segment at any
 * depth (`*.log`), one with a slash against the whole name below the source or prefix (`a/**`), as in .gitignore.
 * Exclusion wins. Compiled once: a listing asks it a million times.
 */
export function createKeyFilter({ include, exclude }: KeyPatterns): KeyFilter {
  const included = include.map(compile);
  const excluded = exclude.map(compile);
  return (key) =>
    (included.length === 0 || included.some((matches) => matches(key))) && !excluded.some((matches) => matches(key));
}

/** A leading slash anchors a pattern and is no part of the name. */
function compile(pattern: string): KeyFilter {
  const options = { dot: true, nonegate: true, strictSlashes: true } as const;
  if (!pattern.includes('/')) {
    const matchesName = picomatch(pattern, options);
    return (key) => matchesName(key.slice(key.lastIndexOf('/') + 1));
  }
  const matchesKey = picomatch(pattern.replace(/^\//u, ''), options);
  return (key) => matchesKey(key);
}
