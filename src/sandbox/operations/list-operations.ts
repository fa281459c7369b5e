import { formatTime } from '../../clock.ts';
import { xmlResponse, type Node } from '../protocol/xml.ts';
import type { Bucket } from '../store/bucket.ts';
import { storageClassOf } from './kept-headers.ts';
import { nameWriter, readCount } from './list-query.ts';
import { listPage } from '../store/listing.ts';
import type { Operate } from './operate.ts';
import { Refusal, type WireRequest } from '../protocol/wire.ts';

export const listObjectsV2: Operate = (request, { buckets }) => {
  const bucket = buckets.get(request.bucket);
  const token = request.query.get('continuation-token');
  const after = token === null ? (request.query.get('start-after') ?? '') : readToken(token);
  const { page, write } = readListing(request, bucket, after);
  return xmlResponse([
    'ListBucketResult',
    [
      ...write.head,
      ['KeyCount', page.keys.length + page.commonPrefixes.length],
      token === null ? null : ['ContinuationToken', token],
      page.next === null ? null : ['NextContinuationToken', writeToken(page.next)],
      ...write.entries,
    ],
  ]);
};

export const listObjects: Operate = (request, { buckets }) => {
  const bucket = buckets.get(request.bucket);
  const marker = request.query.get('marker') ?? '';
  const { page, write } = readListing(request, bucket, marker);
  return xmlResponse([
    'ListBucketResult',
    [
      ...write.head,
      ['Marker', write.name(marker)],
      page.next === null ? null : ['NextMarker', write.name(page.next)],
      ...write.entries,
    ],
  ]);
};

function readListing({ query }: WireRequest, bucket: Bucket, after: string) {
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
    ...page.keys.map((key) => writeEntry(bucket, key, name)),
    ...page.commonPrefixes.map((group): Node => ['CommonPrefixes', [['Prefix', name(group)]]]),
  ];
  return { page, write: { head, entries, name } };
}

function writeEntry(bucket: Bucket, key: string, name: (text: string) => string): Node {
  const { etag, lastModifiedMs, body, headers } = bucket.get(key);
  return [
    'Contents',
    [
      ['Key', name(key)],
      ['LastModified', formatTime(lastModifiedMs)],
      ['ETag', etag],
      ['Size', body.length],
      ['StorageClass', storageClassOf(headers)],
    ],
  ];
}

function writeToken(key: string): string {
  return Buffer.from(`1${key}`).toString('base64url');
}

/** @throws Refusal `InvalidArgument` */
function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('1')) throw new Refusal('InvalidArgument', 'The continuation token provided is incorrect');
  return text.slice(1);
}
