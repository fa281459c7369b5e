import type { EventSink } from '../../events.ts';
import type { ListedObject } from '../../s3/list/list-objects.ts';
import type { ObjectStore } from '../../s3/object-store.ts';
import { watchExcludes } from '../../exclude-watch.ts';
import { createKeyFilter, type KeyFilter, type KeyPatterns } from '../../key-filter.ts';
import { watchNeighbours } from '../../prefix-warning.ts';
import { baseNameOf } from './object-path.ts';
import { nameOf, PATTERN_CHARACTER, type S3Location } from '../transfer-context.ts';

/** The keys to list, and which of them to fetch. */
export interface KeyPattern {
  /** The start of every key. */
  readonly prefix: string;
  /** Matches the key after the last slash of the prefix; `*` stops at a slash, `**` does not. Absent for all. */
  readonly pattern?: string;
}

/** Selects among the objects of a bucket. */
export interface ItemSelection extends KeyPattern {
  readonly bucket: string;
  readonly patterns: KeyPatterns;
}

/** A listed object to fetch. */
export interface ListedItem {
  readonly name: string;
  readonly location: S3Location;
  readonly object: ListedObject;
}

/** Reads a key with `*`, `?` or `[` as a pattern; null if it has none of them. */
export function findPattern(key: string): KeyPattern | null {
  const at = key.search(PATTERN_CHARACTER);
  if (at === -1) return null;
  const prefix = key.slice(0, at);
  return { prefix, pattern: key.slice(prefix.lastIndexOf('/') + 1) };
}

/**
 * Lists the selected objects, page by page. An object that is listed twice in a row, as where two pages meet, is taken
 * once.
 * @param signal ends the listing, with its reason
 */
export async function* listItemPages(
  { store, emit }: { readonly store: Pick<ObjectStore, 'list'>; readonly emit: EventSink },
  { bucket, prefix, pattern, patterns }: ItemSelection,
  signal?: AbortSignal,
): AsyncGenerator<readonly ListedItem[]> {
  const below = prefix.lastIndexOf('/') + 1;
  const base = prefix.slice(0, below);
  const starts = [`s3://${bucket}/${base}`, base];
  const excludes = watchExcludes({ exclude: patterns.exclude, starts, base, emit });
  const isWanted = createKeyFilter(patterns, excludes);
  // The leading slash makes it match the whole name.
  const fits: KeyFilter =
    pattern === undefined ? () => true : createKeyFilter({ include: [`/${pattern}`], exclude: [] });
  const watch = pattern === undefined ? watchNeighbours({ prefix, emit }) : null;
  let last: string | null = null;
  for await (const { objects } of store.list(signal === undefined ? { bucket, prefix } : { bucket, prefix, signal })) {
    const items: ListedItem[] = [];
    for (const object of objects) {
      const { key } = object;
      const isRepeated = key === last;
      last = key;
      const name = nameBelow(key, below);
      if (isRepeated || isDirectoryMarker(object) || !fits(name) || !isWanted(name)) continue;
      const location = { bucket, key };
      items.push({ name: nameOf(location), location, object });
    }
    excludes.report();
    watch?.(items.map(({ object }) => object));
    yield items;
  }
}

/** The part of a key that patterns match: without a slash at its end; the last segment of the prefix's own key. */
function nameBelow(key: string, below: number): string {
  const bare = key.replace(/\/$/, '');
  return bare.length >= below ? bare.slice(below) : baseNameOf(bare);
}

/** An empty object whose key ends with a slash: consoles create it to show a directory. With bytes, it is an object. */
function isDirectoryMarker({ key, sizeBytes }: ListedObject): boolean {
  return sizeBytes === 0 && key.endsWith('/');
}
