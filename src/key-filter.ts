import { braceExpand, Minimatch } from 'minimatch';
import { BreakwaterError } from './errors.ts';

export interface KeyPatterns {
  /** Keys to include; empty for all. */
  readonly include: readonly string[];
  /** Keys to leave out; wins over `include`. */
  readonly exclude: readonly string[];
}

export type KeyFilter = (relativeKey: string) => boolean;

/** Sees what a filter decides, apart from keys that `include` leaves out. Not asked without `exclude`. */
export interface KeyWatch {
  readonly onTaken: (relativeKey: string) => void;
  /** @param index of the first pattern that excludes the key */
  readonly onExcluded: (index: number, relativeKey: string) => void;
}

/** Names that the braces of one pattern may stand for, and their characters together. */
const NAMES_MAX = 10_000;
const CHARACTERS_MAX = 3_000_000;

/** As in a shell, but in a key nothing is special about a dot, `#`, a leading `!`, or several slashes. */
const AS_WRITTEN = {
  dot: true,
  nocomment: true,
  nonegate: true,
  preserveMultipleSlashes: true,
  // A key is not a path: `..` does not lead up.
  optimizationLevel: 0,
  // Whatever the machine, keys have slashes, and a backslash takes a character literally.
  platform: 'linux',
  // A segment is a slash and a character at least, in a key of 1,024 bytes or a path of 4,096.
  maxGlobstarRecursion: 2048,
  braceExpandMax: NAMES_MAX + 1,
} as const;

/** A character that no key and no pattern has: Unicode reserves it for use within a program. */
const STAND_IN = '\uFDD0';
/** The last character of the names `.` and `..` in a key. */
const LAST_DOT = /(?<=^\.?|\/\.?)\.(?=\/|$)/gu;

/**
 * Selects keys or paths by glob. As in .gitignore, a pattern without a slash matches the last segment at any depth
 * (`*.log`), one with a slash the whole name below the source or prefix (`a/**`). Compiled once, for a million keys.
 * The time for a key is bounded, whatever the pattern and the key.
 * @throws BreakwaterError `usage` for a pattern that is empty, too long, or has braces for too many names
 */
export function createKeyFilter({ include, exclude }: KeyPatterns, watch?: KeyWatch): KeyFilter {
  const included = include.map(compile);
  const excluded = exclude.map(compile);
  const isIncluded: KeyFilter = included.length === 0 ? () => true : (key) => included.some((matches) => matches(key));
  if (watch === undefined || excluded.length === 0) {
    return (key) => isIncluded(key) && !excluded.some((matches) => matches(key));
  }
  return (key) => {
    if (!isIncluded(key)) return false;
    const index = excluded.findIndex((matches) => matches(key));
    if (index === -1) watch.onTaken(key);
    else watch.onExcluded(index, key);
    return index === -1;
  };
}

/** A leading slash anchors a pattern and is not part of the name. */
function compile(pattern: string): KeyFilter {
  if (!pattern.includes('/')) {
    const matchesName = compileGlob(pattern);
    return (key) => matchesName(key.slice(key.lastIndexOf('/') + 1));
  }
  return compileGlob(pattern.replace(/^\//u, ''));
}

/** A key that is spelt as the pattern is taken, too: names such as `a[1].txt` are common. */
function compileGlob(glob: string): KeyFilter {
  if (glob === '') throw new BreakwaterError('usage', 'a pattern is empty', { details: { hint: 'leave it out' } });
  const compiled = compileMatcher(glob);
  const matches = (key: string): boolean => compiled.match(key);
  const endsWithSlash = glob.endsWith('/');
  return (key) => key === glob || matchesKey(key, { matches, endsWithSlash });
}

/** With only a part of the names that the braces stand for, keys would be deleted that the user excludes. */
function compileMatcher(glob: string): Minimatch {
  try {
    const pattern = bareSlashes(glob);
    const names = braceExpand(pattern, AS_WRITTEN);
    const characters = names.reduce((sum, { length }) => sum + length, 0);
    if (names.length <= NAMES_MAX && characters <= CHARACTERS_MAX) return new Minimatch(pattern, AS_WRITTEN);
  } catch (error) {
    // What it refuses: more than 64 Ki characters, or thousands of nested groups.
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
  }
  throw new BreakwaterError('usage', `the pattern ${glob.slice(0, 100)} is too long or stands for too many names`, {
    details: { hint: `use a wildcard or several patterns; braces may stand for ${NAMES_MAX} names` },
  });
}

/** An escaped slash is a slash, as in a shell; minimatch divides the pattern before it reads escapes. */
function bareSlashes(glob: string): string {
  return glob.replaceAll(/\\([^])/gu, (escaped, character) => (character === '/' ? '/' : escaped));
}

/**
 * minimatch matches paths, where a slash at the end means nothing, and where no wildcard takes `.` or `..`. Keys have
 * both, for instance those uploaded under the names that `find .` prints.
 */
function matchesKey(
  key: string,
  { matches, endsWithSlash }: { readonly matches: KeyFilter; readonly endsWithSlash: boolean },
): boolean {
  if (key.endsWith('/') && !endsWithSlash && !matchesKey(key + STAND_IN, { matches, endsWithSlash })) return false;
  if (matches(key)) return true;
  const standIn = key.replaceAll(LAST_DOT, STAND_IN);
  return standIn !== key && matches(standIn);
}
