import type { Bucket } from './bucket.ts';
import { compareKeys, findPlace } from './key-order.ts';
import { findGroup } from './listing.ts';
import { NULL_VERSION, type StoredVersion } from './stored.ts';

export interface VersionQuery {
  readonly prefix: string;
  readonly delimiter: string;
  /** The last key, or common prefix, that is known already; empty for none. */
  readonly keyMarker: string;
  /** The last version of that key that is known; null where all of them are. */
  readonly versionIdMarker: string | null;
  /** Versions, delete markers and common prefixes in the page, 0 to 1000. */
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
  /** Where the next page begins; null at the end. A common prefix has no version. */
  readonly next: { readonly key: string; readonly versionId?: string } | null;
}

type Versions = Pick<Bucket, 'versionedKeys' | 'versions'>;

/** One page of all versions: by key in S3's order, the latest version of each first. */
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

/** Everything behind the markers: versions, and each common prefix once. */
function* walk(bucket: Versions, query: VersionQuery): Generator<ListedVersion | string> {
  const { prefix, delimiter, keyMarker, versionIdMarker } = query;
  const keys = bucket.versionedKeys;
  let lastGroup = '';
  let index = findPlace(keys, compareKeys(keyMarker, prefix) > 0 ? keyMarker : prefix);
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

/** Where the versions behind the marker begin, also where that one has been deleted since: later ids are higher. */
function findRest(all: readonly ListedVersion[], marker: string): number {
  const at = all.findIndex(({ version }) => version.versionId === marker);
  if (at !== -1) return at + 1;
  // Nothing says where a null version has been: better to list one twice than to lose it.
  const rest = all.findIndex(({ version: { versionId } }) => versionId === NULL_VERSION || versionId < marker);
  return rest === -1 ? all.length : rest;
}

function listVersions(bucket: Versions, key: string): readonly ListedVersion[] {
  return bucket.versions(key).map((version, place) => ({ key, version, isLatest: place === 0 }));
}
