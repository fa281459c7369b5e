import { createHash } from 'node:crypto';
import { formatHttpTime, formatTime } from '../clock.ts';
import { answerXml } from './answer-xml.ts';
import type { StoredObject } from './buckets.ts';
import { checkReadConditions, checkWriteConditions, readRange } from './conditions.ts';
import type { Operate } from './operate.ts';
import { decodePath } from './signature.ts';
import { Refusal, type Checksum } from './wire.ts';

/** S3's longest key, in bytes of UTF-8. */
const KEY_MAX_BYTES = 1024;

/** Headers of a write that come back with every read. */
const KEPT_HEADERS: ReadonlySet<string> = new Set([
  'content-type',
  'cache-control',
  'content-disposition',
  'content-language',
  'expires',
  'x-amz-storage-class',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
]);

export const putObject: Operate = ({ bucket: name, key, headers, body, checksum }, { buckets, nowMs }) => {
  const bucket = buckets.get(name);
  checkKey(key);
  checkWriteConditions(headers, bucket.find(key));
  const etag = md5Etag(body);
  bucket.put(key, { body, etag, lastModifiedMs: nowMs, headers: keepHeaders(headers), checksum });
  return { status: 200, headers: { etag, ...checksumHeaders(checksum) }, body: '' };
};

export const copyObject: Operate = ({ bucket: name, key, headers }, { buckets, nowMs }) => {
  const bucket = buckets.get(name);
  checkKey(key);
  const source = decodePath(headers.get('x-amz-copy-source') ?? '').replace(/^\//, '');
  const slash = source.indexOf('/');
  if (source.includes('?versionId=')) throw new Refusal('NotImplemented', 'Versions are not implemented here');
  const original = buckets.get(source.slice(0, slash)).get(source.slice(slash + 1));
  const isReplacing = headers.get('x-amz-metadata-directive') === 'REPLACE';
  const copy = { ...original, lastModifiedMs: nowMs, ...(isReplacing ? { headers: keepHeaders(headers) } : {}) };
  bucket.put(key, copy);
  return answerXml([
    'CopyObjectResult',
    [
      ['ETag', copy.etag],
      ['LastModified', formatTime(nowMs)],
    ],
  ]);
};

/** Also HeadObject: the server sends no body to it. */
export const getObject: Operate = ({ bucket: name, key, headers }, { buckets }) => {
  const object = buckets.get(name).get(key);
  const described = describeObject(object, headers.get('x-amz-checksum-mode') === 'ENABLED');
  if (checkReadConditions(headers, object) === 'not_modified') return { status: 304, headers: described, body: '' };
  const range = readRange(headers.get('range'), object.body.length);
  if (range === null) return { status: 200, headers: described, body: object.body };
  const { start, end } = range;
  return {
    status: 206,
    headers: {
      ...describeObject(object, false),
      'content-range': `bytes ${start}-${end}/${object.body.length}`,
    },
    body: object.body.subarray(start, end + 1),
  };
};

export const deleteObject: Operate = ({ bucket: name, key, headers }, { buckets }) => {
  const bucket = buckets.get(name);
  if (headers.has('if-match')) checkWriteConditions(headers, bucket.find(key));
  bucket.delete(key);
  return { status: 204, headers: {}, body: '' };
};

/** @throws Refusal `KeyTooLongError` */
export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > KEY_MAX_BYTES) throw new Refusal('KeyTooLongError', 'Your key is too long');
}

export function md5Etag(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

/** What a write says of its object, as it comes back with a read. */
export function keepHeaders(headers: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const kept = [...headers].filter(
    ([name, value]) =>
      (KEPT_HEADERS.has(name) && !(name === 'x-amz-storage-class' && value === 'STANDARD')) ||
      name.startsWith('x-amz-meta-'),
  );
  const tags = new URLSearchParams(headers.get('x-amz-tagging') ?? '').size;
  if (tags > 0) kept.push(['x-amz-tagging-count', String(tags)]);
  // The framing of the request is not a coding of the object.
  const coding = (headers.get('content-encoding') ?? '').replace(/^aws-chunked,? ?/, '');
  return Object.fromEntries(coding === '' ? kept : [...kept, ['content-encoding', coding]]);
}

export function checksumHeaders(checksum: Checksum | null): Readonly<Record<string, string>> {
  if (checksum === null) return {};
  const { algorithm, value, type } = checksum;
  return { [`x-amz-checksum-${algorithm}`]: value, 'x-amz-checksum-type': type };
}

function describeObject(object: StoredObject, hasChecksum: boolean): Readonly<Record<string, string>> {
  return {
    'content-type': 'binary/octet-stream',
    ...object.headers,
    ...(hasChecksum ? checksumHeaders(object.checksum) : {}),
    'accept-ranges': 'bytes',
    etag: object.etag,
    'last-modified': formatHttpTime(object.lastModifiedMs),
  };
}
