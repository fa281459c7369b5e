import { xmlResponse } from '../protocol/xml.ts';
import { parseAlgorithm } from '../protocol/checksum.ts';
import { checkKey, checksumHeaders, keepHeaders } from './object-operations.ts';
import { checkCustomerKey, etagOf, keepCustomerKey } from './customer-key.ts';
import type { Operate } from './operate.ts';
import type { StoredUpload } from '../store/stored.ts';
import { Refusal } from '../protocol/wire.ts';

/** The maximum part number; the minimum is 1. */
const PARTS_MAX = 10_000;

export const createUpload: Operate = ({ bucket: name, key, headers }, { buckets, nowMs }) => {
  const bucket = buckets.get(name);
  checkKey(key);
  const upload: StoredUpload = {
    id: bucket.nextId(),
    key,
    startedAtMs: nowMs,
    headers: { ...keepHeaders(headers), ...keepCustomerKey(headers) },
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
    {
      ...keepCustomerKey(headers),
      ...(checksum === null
        ? {}
        : { 'x-amz-checksum-algorithm': checksum.algorithm.toUpperCase(), 'x-amz-checksum-type': checksum.type }),
    },
  );
};

function readExpectedChecksum(headers: ReadonlyMap<string, string>): StoredUpload['checksum'] {
  const text = headers.get('x-amz-checksum-algorithm');
  if (text === undefined) return null;
  const algorithm = parseAlgorithm(text);
  if (algorithm === undefined) throw new Refusal('InvalidRequest', 'Checksum algorithm provided is unsupported.');
  const fallback = algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE';
  const type = headers.get('x-amz-checksum-type') === 'FULL_OBJECT' ? 'FULL_OBJECT' : fallback;
  return { algorithm, type };
}

export const uploadPart: Operate = ({ bucket: name, key, query, headers, body, checksum }, { buckets, nowMs }) => {
  const upload = buckets.get(name).getUpload(query.get('uploadId') ?? '', key);
  const number = Number(query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > PARTS_MAX) {
    throw new Refusal('InvalidArgument', `Part number must be an integer between 1 and ${PARTS_MAX}, inclusive`);
  }
  checkCustomerKey(headers, upload.headers);
  const etag = etagOf(body, upload.headers);
  upload.parts.set(number, { body, etag, lastModifiedMs: nowMs, checksum });
  return { status: 200, headers: { etag, ...keepCustomerKey(headers), ...checksumHeaders(checksum) }, body: '' };
};

export const abortUpload: Operate = ({ bucket: name, key, query }, { buckets }) => {
  const bucket = buckets.get(name);
  bucket.uploads.delete(bucket.getUpload(query.get('uploadId') ?? '', key).id);
  return { status: 204, headers: {}, body: '' };
};
