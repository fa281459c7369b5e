import type { EventSink } from './events.ts';
import { createKeyFilter, type KeyFilter, type KeyWatch } from './key-filter.ts';

/** Finds the patterns of `--exclude` that keep nothing of what their spelling names elsewhere. */
export interface ExcludeWatch extends KeyWatch {
  /** Warns of what the names so far have shown, each pattern once. Call it with each page. */
  readonly report: () => void;
}

interface WatchOptions {
  readonly exclude: readonly string[];
  /** What a pattern may repeat although patterns begin behind it, such as the prefix, with its slash at the end. */
  readonly starts: readonly string[];
  /** What messages show before the names. */
  readonly base: string;
  readonly emit: EventSink;
}

/** A pattern in its place, and what it may mean. */
interface Watched {
  readonly index: number;
  readonly pattern: string;
  readonly readings: readonly Reading[];
}

/** What a pattern may mean. */
interface Reading {
  /** The pattern that means it. */
  readonly instead: string;
  readonly matches: KeyFilter;
}

interface Miss extends Pick<Watched, 'index' | 'pattern'>, Pick<Reading, 'instead'> {
  readonly name: string;
}

/** Longer patterns are not watched, so that no reading goes beyond the bounds of a pattern. */
const WATCHED_LENGTH_MAX = 256;

/**
 * Warns where a pattern has excluded nothing yet, and a name is taken that the pattern excludes as other tools read it:
 * `keep` and `keep/` are folders for .gitignore and rsync, `./keep/**` is a path for find, and some patterns repeat
 * the prefix.
 */
export function watchExcludes({ exclude, starts, base, emit }: WatchOptions): ExcludeWatch {
  let open = exclude.flatMap((pattern, index): readonly Watched[] => {
    const readings = pattern.length > WATCHED_LENGTH_MAX ? [] : listReadings(pattern, starts);
    return readings.length === 0 ? [] : [{ index, pattern, readings }];
  });
  const misses = new Map<number, Miss>();
  const close = (index: number): void => {
    open = open.filter((watched) => watched.index !== index);
    misses.delete(index);
  };
  return {
    onTaken: (name) => {
      for (const { index, pattern, readings } of open) {
        const meant = misses.has(index) ? undefined : readings.find(({ matches }) => matches(name));
        if (meant !== undefined) misses.set(index, { index, pattern, instead: meant.instead, name });
      }
    },
    onExcluded: (index, name) => {
      // `keep/` takes the empty object that shows the folder, but nothing in it.
      if (!name.endsWith('/') && open.some((watched) => watched.index === index)) close(index);
    },
    report: () => {
      for (const { index, pattern, instead, name } of misses.values()) {
        close(index);
        const message = `--exclude ${JSON.stringify(pattern)} does not exclude ${JSON.stringify(base + name)}; ${JSON.stringify(instead)} would`;
        emit({ kind: 'warning', reason: 'exclude_misses', message });
      }
    },
  };
}

function listReadings(pattern: string, starts: readonly string[]): readonly Reading[] {
  const rest = stripStart(pattern, starts);
  const bare = rest.replace(/\/+$/u, '');
  if (bare === '') return [];
  const readings: Reading[] = [];
  const isLiteral = !/[*?[\]{}()\\]/u.test(bare);
  if (rest !== pattern.replace(/^\//u, '')) {
    const instead = bare.includes('/') ? bare : `/${bare}`;
    readings.push({ instead, matches: isLiteral ? (name) => name === bare : compile(instead) });
  }
  if (/(?:^|\/)\*\*$/u.test(bare)) return readings;
  const top = `${bare}/**`;
  readings.push({ instead: top, matches: isLiteral ? (name) => name.startsWith(`${bare}/`) : byFolder(top) });
  // As in .gitignore, only a slash before the end binds a pattern to the top.
  if (pattern.replace(/\/+$/u, '').includes('/')) return readings;
  const deep = `**/${top}`;
  readings.push({ instead: deep, matches: isLiteral ? (name) => name.includes(`/${bare}/`) : byFolder(deep) });
  return readings;
}

/** Without what names do not begin with: a copy of the prefix, `./`, slashes. */
function stripStart(pattern: string, starts: readonly string[]): string {
  const known = [...starts, ...starts.map(stripDot)].filter((start) => start !== '');
  for (const text of [pattern, stripDot(pattern)]) {
    const start = known.find((each) => text.startsWith(each));
    if (start !== undefined) return stripDot(text.slice(start.length));
  }
  return stripDot(pattern);
}

function stripDot(text: string): string {
  return text.replace(/^(?:\.?\/)+/u, '');
}

function compile(pattern: string): KeyFilter {
  return createKeyFilter({ include: [pattern], exclude: [] });
}

/** A glob that ends with `/**`: its answer is that for the folder, and neighbours share one. Compiled on first use. */
function byFolder(pattern: string): KeyFilter {
  let matches: KeyFilter | null = null;
  let [folder, isMatch] = ['', false];
  return (name) => {
    const end = name.lastIndexOf('/') + 1;
    if (end === folder.length && name.startsWith(folder)) return isMatch;
    matches ??= compile(pattern);
    folder = name.slice(0, end);
    isMatch = matches(name);
    return isMatch;
  };
}
