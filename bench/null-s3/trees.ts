import { describeObject, readKind, type ObjectKind, type StoredObject } from './stored-object.ts';
import { document, escapeXml, type NullResponse } from './message.ts';

/** Files of one directory of a tree. */
const DIRECTORY_FILES = 100;
const LAST_MODIFIED_ISO = '2020-01-01T00:00:00.000Z';

interface Tree {
  /** With a slash at its end. */
  readonly root: string;
  readonly count: number;
  readonly sizeBytes: number;
  readonly kind: ObjectKind;
}

const ROOT = String.raw`((\d+)x(\d+)(?:-([a-z0-9]+))?\/)`;
const OBJECT_KEY = new RegExp(String.raw`^${ROOT}d\d{5}\/f\d\d$`);
const TREE_PREFIX = new RegExp(String.raw`^${ROOT}(?:d(\d{5})\/)?$`);

/** The object that a name describes. */
export function findNamed(key: string): StoredObject | undefined {
  const tree = readTree(OBJECT_KEY.exec(key));
  return tree === null ? undefined : describeObject(tree.sizeBytes, tree.kind);
}

function readTree(match: RegExpExecArray | null): Tree | null {
  const [, root = '', count = '', size = '', name] = match ?? [];
  const kind = readKind(name);
  return match === null || kind === null ? null : { root, count: Number(count), sizeBytes: Number(size), kind };
}

/** Both versions of the listing: the marker, the token and `start-after` are all the last key of the page before. */
export function listTree(query: URLSearchParams): NullResponse {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? query.get('marker') ?? query.get('start-after') ?? '';
  const maxKeys = Number(query.get('max-keys') ?? 1000);
  const isFlat = !query.has('delimiter') || query.get('delimiter') === '';
  const { entries, next } = listPage(prefix, { after, maxKeys, isFlat });
  const tail =
    next === null ? '' : `<NextMarker>${next}</NextMarker><NextContinuationToken>${next}</NextContinuationToken>`;
  const head = `<Name>bench</Name><Prefix>${escapeXml(prefix)}</Prefix><KeyCount>${entries.length}</KeyCount><MaxKeys>${maxKeys}</MaxKeys>`;
  return document('ListBucketResult', `${head}<IsTruncated>${next !== null}</IsTruncated>${tail}${entries.join('')}`);
}

function listPage(
  prefix: string,
  { after, maxKeys, isFlat }: { after: string; maxKeys: number; isFlat: boolean },
): { entries: readonly string[]; next: string | null } {
  const match = TREE_PREFIX.exec(prefix);
  const tree = readTree(match);
  if (tree === null) return { entries: listSingle(prefix), next: null };
  const { root, count, sizeBytes, kind } = tree;
  const directory = match?.[5];
  if (!isFlat && directory === undefined) {
    const names = Array.from({ length: Math.ceil(count / DIRECTORY_FILES) }, (_, index) => directoryName(root, index));
    return { entries: names.map((name) => `<CommonPrefixes><Prefix>${name}/</Prefix></CommonPrefixes>`), next: null };
  }
  const first = directory === undefined ? 0 : Number(directory) * DIRECTORY_FILES;
  const end = directory === undefined ? count : Math.min(count, first + DIRECTORY_FILES);
  const begin = Math.max(first, countUpTo({ root, count }, decodeURIComponent(after)));
  const stop = Math.min(end, begin + maxKeys);
  const described = describeEntry(describeObject(sizeBytes, kind));
  const entries: string[] = [];
  for (let index = begin; index < stop; index += 1) entries.push(listEntry(keyAt(root, index), described));
  return { entries, next: stop < end ? keyAt(root, stop - 1) : null };
}

/** Some clients list an object before they read it. */
function listSingle(prefix: string): readonly string[] {
  const found = findNamed(prefix);
  return found === undefined ? [] : [listEntry(prefix, describeEntry(found))];
}

function listEntry(key: string, described: string): string {
  return `<Contents><Key>${key}</Key>${described}</Contents>`;
}

/** What the objects of a tree have in common. */
function describeEntry({ etag, sizeBytes, checksum }: StoredObject): string {
  const summed =
    checksum === null
      ? ''
      : `<ChecksumAlgorithm>${checksum.name.toUpperCase()}</ChecksumAlgorithm><ChecksumType>${checksum.type}</ChecksumType>`;
  return `<LastModified>${LAST_MODIFIED_ISO}</LastModified><ETag>${escapeXml(etag)}</ETag>${summed}<Size>${sizeBytes}</Size><StorageClass>STANDARD</StorageClass>`;
}

function directoryName(root: string, index: number): string {
  return `${root}d${String(index).padStart(5, '0')}`;
}

function keyAt(root: string, index: number): string {
  const file = String(index % DIRECTORY_FILES).padStart(2, '0');
  return `${directoryName(root, Math.floor(index / DIRECTORY_FILES))}/f${file}`;
}

/** How many keys of a tree are not after `key`, which need not be one of them. */
function countUpTo({ root, count }: { root: string; count: number }, key: string): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (keyAt(root, middle) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
