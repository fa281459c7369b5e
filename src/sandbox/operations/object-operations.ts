import { formatHttpTime } from '../../clock.ts';
import { checkReadConditions, checkWriteConditions, readRange, writeContentRange } from './conditions.ts';
import { checkCustomerKey } from './customer-key.ts';
import { etagOf } from './etag.ts';
import { checkReadable, keepHeaders, writtenHeaders } from './kept-headers.ts';
import { findPart } from './object-part.ts';
import type { Operate } from './operate.ts';
import type { StoredObject } from '../store/stored.ts';
import { readVersionHeaders, writtenVersionHeaders } from './version-headers.ts';
import { Refusal, type Checksum } from '../protocol/wire.ts';

/** S3's maximum key length, in UTF-8 bytes. */
const KEY_MAX_BYTES = 1024;

export const putObject: Operate = ({ bucket: name, key, headers, body, checksum }, { buckets, nowMs }) => {
  const bucket = buckets.get(name);
  checkKey(key);
  checkWriteConditions(headers, bucket.find(key));
  const kept = keepHeaders(headers);
  const etag = etagOf(body, kept);
  const object = bucket.put(key, { body, etag, lastModifiedMs: nowMs, headers: kept, checksum, parts: [] });
  const returned = {
    etag,
    ...writtenHeaders(kept),
    ...checksumHeaders(checksum),
    ...writtenVersionHeaders(bucket, object),
  };
  return { status: 200, headers: returned, body: '' };
};

/** Also used for HeadObject, for which the server sends no body. */
export const getObject: Operate = ({ operation, bucket: name, key, headers, query }, { buckets, quirks }) => {
  const bucket = buckets.get(name);
  const object = bucket.get(key, query.get('versionId'));
  checkCustomerKey(headers, object.headers);
  if (operation === 'GetObject') checkReadable(object.headers);
  const described = { ...objectHeaders(object), ...readVersionHeaders(bucket, object) };
  const checksum = headers.get('x-amz-checksum-mode') === 'ENABLED' ? object.checksum : null;
  if (checkReadConditions(headers, object) === 'not_modified') return { status: 304, headers: described, body: '' };
  const partNumber = quirks.has('ignores-part-number') ? null : query.get('partNumber');
  const part = partNumber === null ? null : findPart(object, { partNumber, headers });
  const range = part?.range ?? readRange(headers.get('range'), object.body.length);
  if (range === null) {
    return { status: 200, headers: { ...described, ...checksumHeaders(checksum) }, body: object.body };
  }
  const isWhole = range.end - range.start + 1 === object.body.length;
  const checked = part?.checksum ?? (isWhole ? checksum : null);
  const ofPart = { ...part?.headers, ...(checksum === null ? {} : checksumHeaders(checked)) };
  const contentRange = writeContentRange(range, object.body.length);
  return {
    status: 206,
    headers: { ...described, ...ofPart, ...contentRange },
    body: object.body.subarray(range.start, range.end + 1),
  };
};

export const deleteObject: Operate = ({ bucket: name, key, headers, query }, { buckets, nowMs, quirks }) => {
  const bucket = buckets.get(name);
  const isConditional = headers.has('if-match');
  if (isConditional && quirks.has('refuses-delete-conditions')) {
    throw new Refusal('NotImplemented', 'Conditions of a deletion are not implemented here');
  }
  if (isConditional && !quirks.has('ignores-delete-conditions')) checkWriteConditions(headers, bucket.find(key));
  const versionId = query.get('versionId');
  const version = versionId === null ? bucket.delete(key, nowMs) : bucket.deleteVersion(key, versionId);
  const marked = version?.kind === 'delete_marker' ? { 'x-amz-delete-marker': 'true' } : {};
  const of = version === null || version === undefined ? {} : readVersionHeaders(bucket, version);
  return { status: 204, headers: { ...marked, ...of }, body: '' };
};

/** @throws Refusal `KeyTooLongError` */
export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > KEY_MAX_BYTES) throw new Refusal('KeyTooLongError', 'Your key is too long');
}

export function checksumHeaders(checksum: Checksum | null): Readonly<Record<string, string>> {
  if (checksum === null) return {};
  const { algorithm, value, type } = checksum;
  return { [`x-amz-checksum-${algorithm}`]: value, 'x-amz-checksum-type': type };
}

function objectHeaders(object: StoredObject): Readonly<Record<string, string>> {
  return {
    'content-type': 'binary/octet-stream',
    ...object.headers,
    'accept-ranges': 'bytes',
    etag: object.etag,
    'last-modified': formatHttpTime(object.lastModifiedMs),
  };
}
