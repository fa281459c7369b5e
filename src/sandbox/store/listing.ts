import { compareKeys, findIndex } from './key-order.ts';

export interface ListingQuery {
  readonly prefix: string;
  readonly delimiter: string;
  /** The last key or common prefix of the previous page; empty for the first page. */
  readonly after: string;
  /** Maximum keys and common prefixes in the page, 0 to 1000. */
  readonly maxKeys: number;
}

export interface ListingPage {
  readonly keys: readonly string[];
  /** Each once, in order; includes the delimiter. */
  readonly commonPrefixes: readonly string[];
  /** The `after` of the next page; null at the end. */
  readonly next: string | null;
}

/** Lists one page of a bucket's keys, which are in S3's order. */
export function listPage(keys: readonly string[], query: ListingQuery): ListingPage {
  const { prefix, delimiter, after, maxKeys } = query;
  const found: string[] = [];
  const commonPrefixes: string[] = [];
  let last = '';
  let index = findIndex(keys, compareKeys(after, prefix) > 0 ? after : prefix);
  while (index < keys.length) {
    const key = keys[index] ?? '';
    if (!key.startsWith(prefix)) break;
    const group = findGroup(key, prefix, delimiter);
    const entry = group ?? key;
    const isKnown = entry === after || key === after;
    if (!isKnown && found.length + commonPrefixes.length >= maxKeys) {
      return { keys: found, commonPrefixes, next: maxKeys === 0 ? null : last };
    }
    if (!isKnown) {
      (group === null ? found : commonPrefixes).push(entry);
      last = entry;
    }
    index = group === null ? index + 1 : skipGroup(keys, index, group);
  }
  return { keys: found, commonPrefixes, next: null };
}

/** The common prefix of a key, including the delimiter; null if no delimiter follows the prefix. */
export function findGroup(key: string, prefix: string, delimiter: string): string | null {
  if (delimiter === '') return null;
  const at = key.indexOf(delimiter, prefix.length);
  return at === -1 ? null : key.slice(0, at + delimiter.length);
}

function skipGroup(keys: readonly string[], from: number, group: string): number {
  let index = from;
  while (index < keys.length && keys[index]?.startsWith(group) === true) index += 1;
  return index;
}
