import type { Bucket } from './bucket.ts';
import { compareKeys, findIndex } from './key-order.ts';
import { findGroup } from './listing.ts';
import { NULL_VERSION, type StoredVersion } from './stored.ts';

export interface VersionQuery {
  readonly prefix: string;
  readonly delimiter: string;
  /** The last key or common prefix of the previous page; empty for the first page. */
  readonly keyMarker: string;
  /** The last version of that key on the previous page; null if the page had all of them. */
  readonly versionIdMarker: string | null;
  /** Maximum versions, delete markers and common prefixes in the page, 0 to 1000. */
  readonly maxKeys: number;
}

export interface ListedVersion {
  readonly key: string;
  readonly version: StoredVersion;
  readonly isLatest: boolean;
}

export interface VersionPage {
  readonly versions: readonly ListedVersion[];
  readonly commonPrefixes: readonly string[];
  /** The markers of the next page; null at the end. A common prefix has no version. */
  readonly next: { readonly key: string; readonly versionId?: string } | null;
}

type Versions = Pick<Bucket, 'versionedKeys' | 'versions'>;

/** Lists one page of all versions, in S3's key order, latest version of each key first. */
export function listVersionPage(bucket: Versions, query: VersionQuery): VersionPage {
  const versions: ListedVersion[] = [];
  const commonPrefixes: string[] = [];
  let last: VersionPage['next'] = null;
  for (const entry of walk(bucket, query)) {
    if (versions.length + commonPrefixes.length >= query.maxKeys) return { versions, commonPrefixes, next: last };
    if (typeof entry === 'string') {
      commonPrefixes.push(entry);
      last = { key: entry };
    } else {
      versions.push(entry);
      last = { key: entry.key, versionId: entry.version.versionId };
    }
  }
  return { versions, commonPrefixes, next: null };
}

/** Yields everything after the markers: versions, and each common prefix once. */
function* walk(bucket: Versions, query: VersionQuery): Generator<ListedVersion | string> {
  const { prefix, delimiter, keyMarker, versionIdMarker } = query;
  const keys = bucket.versionedKeys;
  let lastGroup = '';
  let index = findIndex(keys, compareKeys(keyMarker, prefix) > 0 ? keyMarker : prefix);
  for (; index < keys.length; index += 1) {
    const key = keys[index] ?? '';
    if (!key.startsWith(prefix)) return;
    const group = findGroup(key, prefix, delimiter);
    if (group !== null) {
      if (group !== lastGroup && !keyMarker.startsWith(group)) yield group;
      lastGroup = group;
    } else if (key !== keyMarker) {
      yield* listVersions(bucket, key);
    } else if (versionIdMarker !== null) {
      const all = listVersions(bucket, key);
      yield* all.slice(findRest(all, versionIdMarker));
    }
  }
}

/** The index of the first version after the marker, even if the marker was deleted since. Later ids are higher. */
function findRest(all: readonly ListedVersion[], marker: string): number {
  const at = all.findIndex(({ version }) => version.versionId === marker);
  if (at !== -1) return at + 1;
  // The position of a deleted null version is unknown. Listing a version twice is better than skipping it.
  const rest = all.findIndex(({ version: { versionId } }) => versionId === NULL_VERSION || versionId < marker);
  return rest === -1 ? all.length : rest;
}

function listVersions(bucket: Versions, key: string): readonly ListedVersion[] {
  return bucket.versions(key).map((version, index) => ({ key, version, isLatest: index === 0 }));
}
