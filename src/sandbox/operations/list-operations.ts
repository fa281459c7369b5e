import { formatTime } from '../../clock.ts';
import { xmlResponse, type Node } from '../protocol/xml.ts';
import type { Bucket } from '../store/bucket.ts';
import { storageClassOf } from './kept-headers.ts';
import { nameWriter, readCount } from './list-query.ts';
import { listPage } from '../store/listing.ts';
import type { Operate } from './operate.ts';
import type { Checksum, WireRequest } from '../protocol/wire.ts';
import type { StoredObject } from '../store/stored.ts';
import { readToken, writeToken } from '../protocol/continuation-token.ts';
import { OWNER } from './owner.ts';

export const listObjectsV2: Operate = (request, { buckets }) => {
  const bucket = buckets.get(request.bucket);
  const { query } = request;
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after') ?? '';
  const after = token === null ? startAfter : readToken(token);
  const isOwned = query.get('fetch-owner') === 'true';
  const { page, write } = readListing(request, bucket, { after, isOwned });
  return xmlResponse([
    'ListBucketResult',
    [
      ...write.head,
      ['KeyCount', page.keys.length + page.commonPrefixes.length],
      startAfter === '' ? null : ['StartAfter', write.name(startAfter)],
      token === null ? null : ['ContinuationToken', token],
      page.next === null ? null : ['NextContinuationToken', writeToken(page.next)],
      ...write.entries,
    ],
  ]);
};

/** `NextMarker` is sent with a delimiter only; without one, the last key is the marker of the next page. */
export const listObjects: Operate = (request, { buckets }) => {
  const bucket = buckets.get(request.bucket);
  const { query } = request;
  const marker = query.get('marker') ?? '';
  const { page, write } = readListing(request, bucket, { after: marker, isOwned: true });
  const isMarked = page.next !== null && (query.get('delimiter') ?? '') !== '';
  return xmlResponse([
    'ListBucketResult',
    [
      ...write.head,
      ['Marker', write.name(marker)],
      isMarked ? ['NextMarker', write.name(page.next)] : null,
      ...write.entries,
    ],
  ]);
};

interface Reading {
  /** The last key or common prefix that is not listed again. */
  readonly after: string;
  /** Whether each object names its owner. */
  readonly isOwned: boolean;
}

function readListing({ query }: WireRequest, bucket: Bucket, { after, isOwned }: Reading) {
  const name = nameWriter(query);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const maxKeys = readCount(query, 'max-keys');
  const page = listPage(bucket.keys, { prefix, delimiter, after, maxKeys });
  const head: readonly (Node | null)[] = [
    ['Name', bucket.name],
    ['Prefix', name(prefix)],
    delimiter === '' ? null : ['Delimiter', name(delimiter)],
    ['MaxKeys', maxKeys],
    query.has('encoding-type') ? ['EncodingType', 'url'] : null,
    ['IsTruncated', page.next !== null],
  ];
  const entries: readonly Node[] = [
    ...page.keys.map((key) => writeEntry(bucket.get(key), { name: name(key), isOwned })),
    ...page.commonPrefixes.map((group): Node => ['CommonPrefixes', [['Prefix', name(group)]]]),
  ];
  return { page, write: { head, entries, name } };
}

function writeEntry(
  { etag, lastModifiedMs, body, headers, checksum }: StoredObject,
  { name, isOwned }: { readonly name: string; readonly isOwned: boolean },
): Node {
  return [
    'Contents',
    [
      ['Key', name],
      ['LastModified', formatTime(lastModifiedMs)],
      ['ETag', etag],
      ...(checksum === null ? [] : listedChecksum(checksum)),
      ['Size', body.length],
      isOwned ? OWNER : null,
      ['StorageClass', storageClassOf(headers)],
    ],
  ];
}

/** A listing names the algorithm and the type, and not the value. */
function listedChecksum({ algorithm, type }: Checksum): readonly Node[] {
  return [
    ['ChecksumAlgorithm', algorithm.toUpperCase()],
    ['ChecksumType', type],
  ];
}
