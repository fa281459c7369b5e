import { xmlResponse } from '../protocol/xml.ts';
import { readAlgorithm } from '../protocol/checksum.ts';
import { checkKey, checksumHeaders } from './object-operations.ts';
import { checkCustomerKey } from './customer-key.ts';
import { readPartNumber } from './object-part.ts';
import { etagOf } from './etag.ts';
import { keepHeaders, writtenHeaders } from './kept-headers.ts';
import type { Operate } from './operate.ts';
import type { StoredUpload } from '../store/stored.ts';
import { Refusal, type Checksum, type ChecksumAlgorithm } from '../protocol/wire.ts';

/** How the checksums of parts may be combined, the default first (S3 User Guide, checking object integrity). */
const CHECKSUM_TYPES: Readonly<Record<ChecksumAlgorithm, readonly [Checksum['type'], ...Checksum['type'][]]>> = {
  crc32: ['COMPOSITE', 'FULL_OBJECT'],
  crc32c: ['COMPOSITE', 'FULL_OBJECT'],
  crc64nvme: ['FULL_OBJECT'],
  sha1: ['COMPOSITE'],
  sha256: ['COMPOSITE'],
};

export const createUpload: Operate = ({ bucket: name, key, headers }, { buckets, nowMs }) => {
  const bucket = buckets.get(name);
  checkKey(key);
  const upload: StoredUpload = {
    id: bucket.nextId(),
    key,
    startedAtMs: nowMs,
    headers: keepHeaders(headers),
    checksum: readExpectedChecksum(headers),
    parts: new Map(),
  };
  bucket.uploads.set(upload.id, upload);
  const { checksum } = upload;
  return xmlResponse(
    [
      'InitiateMultipartUploadResult',
      [
        ['Bucket', name],
        ['Key', key],
        ['UploadId', upload.id],
      ],
    ],
    { ...writtenHeaders(upload.headers), ...expectedChecksumHeaders(checksum) },
  );
};

function expectedChecksumHeaders(checksum: StoredUpload['checksum']): Readonly<Record<string, string>> {
  if (checksum === null) return {};
  return { 'x-amz-checksum-algorithm': checksum.algorithm.toUpperCase(), 'x-amz-checksum-type': checksum.type };
}

/** @throws Refusal `InvalidRequest` for a checksum that S3 does not combine in this way */
function readExpectedChecksum(headers: ReadonlyMap<string, string>): StoredUpload['checksum'] {
  const text = headers.get('x-amz-checksum-algorithm');
  const type = headers.get('x-amz-checksum-type');
  if (text === undefined) {
    if (type === undefined) return null;
    throw new Refusal(
      'InvalidRequest',
      'The x-amz-checksum-type header can only be used with x-amz-checksum-algorithm.',
    );
  }
  const algorithm = readAlgorithm(text);
  const [fallback, ...others] = CHECKSUM_TYPES[algorithm];
  const found = [fallback, ...others].find((known) => known === (type ?? fallback));
  if (found === undefined) {
    throw new Refusal('InvalidRequest', `The ${type} checksum type cannot be used with the ${algorithm} algorithm.`);
  }
  return { algorithm, type: found };
}

export const uploadPart: Operate = ({ bucket: name, key, query, headers, body, checksum }, { buckets, nowMs }) => {
  const upload = buckets.get(name).getUpload(query.get('uploadId') ?? '', key);
  const number = readPartNumber(query.get('partNumber') ?? '');
  checkCustomerKey(headers, upload.headers);
  checkAlgorithm(upload, checksum);
  const etag = etagOf(body, upload.headers);
  upload.parts.set(number, { body, etag, lastModifiedMs: nowMs, checksum });
  return { status: 200, headers: { etag, ...writtenHeaders(upload.headers), ...checksumHeaders(checksum) }, body: '' };
};

/** Each part of a composite checksum needs its own, and no part may have one of another algorithm. */
function checkAlgorithm({ checksum: expected }: StoredUpload, given: Checksum | null): void {
  if (expected === null || expected.algorithm === given?.algorithm) return;
  if (given === null && expected.type === 'FULL_OBJECT') return;
  const message = `expected checksum Type: ${expected.algorithm}, actual checksum Type: ${given?.algorithm ?? 'null'}`;
  throw new Refusal('InvalidRequest', `Checksum Type mismatch occurred, ${message}`);
}

export const abortUpload: Operate = ({ bucket: name, key, query }, { buckets }) => {
  const bucket = buckets.get(name);
  bucket.uploads.delete(bucket.getUpload(query.get('uploadId') ?? '', key).id);
  return { status: 204, headers: {}, body: '' };
};
