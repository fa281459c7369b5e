import { createHash } from 'node:crypto';
import { formatTime } from '../clock.ts';
import { answerXml } from './answer-xml.ts';
import type { StoredPart, StoredUpload } from './buckets.ts';
import { combineChecksums, parseAlgorithm } from './checksum.ts';
import { checkWriteConditions, matchesEtag } from './conditions.ts';
import { checkKey, checksumHeaders, keepHeaders, md5Etag } from './object-operations.ts';
import { nameWriter, readCount } from './list-query.ts';
import type { Operate } from './operate.ts';
import { Refusal, type Checksum } from './wire.ts';
import { childText, readDocument, type Node } from './xml.ts';

/** S3's limits: parts are numbered from 1 to 10,000, and all but the last have 5 MiB or more. */
const PARTS_MAX = 10_000;
const PART_MIN_BYTES = 5 * 1024 * 1024;

export const createUpload: Operate = ({ bucket: name, key, headers }, { buckets, nowMs, newId }) => {
  const bucket = buckets.get(name);
  checkKey(key);
  const upload: StoredUpload = {
    id: newId(),
    key,
    startedAtMs: nowMs,
    headers: keepHeaders(headers),
    checksum: readPromise(headers),
    parts: new Map(),
  };
  bucket.uploads.set(upload.id, upload);
  const answer = answerXml([
    'InitiateMultipartUploadResult',
    [
      ['Bucket', name],
      ['Key', key],
      ['UploadId', upload.id],
    ],
  ]);
  return { ...answer, headers: { ...answer.headers, ...promiseHeaders(upload.checksum) } };
};

function promiseHeaders(promise: StoredUpload['checksum']): Readonly<Record<string, string>> {
  if (promise === null) return {};
  return { 'x-amz-checksum-algorithm': promise.algorithm.toUpperCase(), 'x-amz-checksum-type': promise.type };
}

function readPromise(headers: ReadonlyMap<string, string>): StoredUpload['checksum'] {
  const text = headers.get('x-amz-checksum-algorithm');
  if (text === undefined) return null;
  const algorithm = parseAlgorithm(text);
  if (algorithm === undefined) throw new Refusal('InvalidRequest', 'Checksum algorithm provided is unsupported.');
  const type = headers.get('x-amz-checksum-type') ?? (algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE');
  const isPossible = type === 'FULL_OBJECT' ? algorithm.startsWith('crc') : algorithm !== 'crc64nvme';
  if (!isPossible || (type !== 'FULL_OBJECT' && type !== 'COMPOSITE')) {
    throw new Refusal('InvalidRequest', `The ${type} checksum type cannot be used with the ${algorithm} algorithm.`);
  }
  return { algorithm, type };
}

export const uploadPart: Operate = ({ bucket: name, key, query, body, checksum }, { buckets, nowMs }) => {
  const upload = buckets.get(name).getUpload(query.get('uploadId') ?? '', key);
  const number = Number(query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > PARTS_MAX) {
    throw new Refusal('InvalidArgument', `Part number must be an integer between 1 and ${PARTS_MAX}, inclusive`);
  }
  const etag = md5Etag(body);
  upload.parts.set(number, { body, etag, lastModifiedMs: nowMs, checksum });
  return { status: 200, headers: { etag, ...checksumHeaders(checksum) }, body: '' };
};

export const completeUpload: Operate = ({ bucket: name, key, query, headers, body }, { buckets, nowMs }) => {
  const bucket = buckets.get(name);
  const upload = bucket.getUpload(query.get('uploadId') ?? '', key);
  checkWriteConditions(headers, bucket.find(key));
  const parts = pickParts(upload, body);
  const whole = Buffer.concat(parts.map((part) => part.body));
  const checksum = combine(upload, parts, whole);
  checkPromises(headers, { checksum, whole });
  const digests = createHash('md5');
  for (const { etag } of parts) digests.update(Buffer.from(etag.replaceAll('"', ''), 'hex'));
  const etag = `"${digests.digest('hex')}-${parts.length}"`;
  bucket.put(key, { body: whole, etag, lastModifiedMs: nowMs, headers: upload.headers, checksum });
  bucket.uploads.delete(upload.id);
  return answerXml([
    'CompleteMultipartUploadResult',
    [
      ['Bucket', name],
      ['Key', key],
      ['ETag', etag],
    ],
  ]);
};

/** The parts that the document names. @throws Refusal where they are not there, out of order or too small */
function pickParts(upload: StoredUpload, body: Buffer): readonly StoredPart[] {
  const named = readDocument(body.toString()).children.filter(({ name }) => name === 'Part');
  if (named.length === 0) throw new Refusal('MalformedXML', 'You must specify at least one part');
  const numbers = named.map((element) => Number(childText(element, 'PartNumber')));
  if (numbers.some((number, index) => index > 0 && number <= (numbers[index - 1] ?? 0))) {
    throw new Refusal('InvalidPartOrder', 'The list of parts was not in ascending order.');
  }
  return named.map((element, index) => {
    const part = upload.parts.get(numbers[index] ?? 0);
    if (part === undefined || !matchesEtag(childText(element, 'ETag') ?? '', part.etag)) {
      throw new Refusal('InvalidPart', 'One or more of the specified parts could not be found.');
    }
    if (index < named.length - 1 && part.body.length < PART_MIN_BYTES) {
      throw new Refusal('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
    }
    return part;
  });
}

function combine({ checksum }: StoredUpload, parts: readonly StoredPart[], whole: Buffer): Checksum | null {
  if (checksum === null) return null;
  const { algorithm, type } = checksum;
  const sums = parts.flatMap((part) => (part.checksum?.algorithm === algorithm ? [part.checksum] : []));
  if (type === 'COMPOSITE' && sums.length < parts.length) {
    throw new Refusal('InvalidRequest', `Every part needs its ${algorithm.toUpperCase()} checksum`);
  }
  return combineChecksums(algorithm, { whole, parts: sums, type });
}

/** What the completing request says of the whole object. */
function checkPromises(
  headers: ReadonlyMap<string, string>,
  { checksum, whole }: { checksum: Checksum | null; whole: Buffer },
): void {
  const size = headers.get('x-amz-mp-object-size');
  if (size !== undefined && Number(size) !== whole.length) {
    throw new Refusal('InvalidRequest', 'The object size differs from x-amz-mp-object-size');
  }
  if (checksum === null) return;
  const promised = headers.get(`x-amz-checksum-${checksum.algorithm}`);
  if (promised !== undefined && promised !== checksum.value) {
    throw new Refusal('BadDigest', `The ${checksum.algorithm} you specified did not match the calculated checksum.`);
  }
}

export const abortUpload: Operate = ({ bucket: name, key, query }, { buckets }) => {
  const bucket = buckets.get(name);
  bucket.uploads.delete(bucket.getUpload(query.get('uploadId') ?? '', key).id);
  return { status: 204, headers: {}, body: '' };
};

export const listParts: Operate = ({ bucket: name, key, query }, { buckets }) => {
  const upload = buckets.get(name).getUpload(query.get('uploadId') ?? '', key);
  const after = Number(query.get('part-number-marker') ?? 0);
  const maxParts = readCount(query, 'max-parts');
  const rest = [...upload.parts].filter(([number]) => number > after).toSorted(([a], [b]) => a - b);
  const page = rest.slice(0, maxParts);
  return answerXml([
    'ListPartsResult',
    [
      ['Bucket', name],
      ['Key', key],
      ['UploadId', upload.id],
      ['MaxParts', maxParts],
      ['IsTruncated', rest.length > page.length],
      ['NextPartNumberMarker', page.at(-1)?.[0] ?? 0],
      upload.checksum === null ? null : ['ChecksumAlgorithm', upload.checksum.algorithm.toUpperCase()],
      upload.checksum === null ? null : ['ChecksumType', upload.checksum.type],
      ...page.map(([number, { etag, body, lastModifiedMs, checksum }]): Node => [
        'Part',
        [
          checksum === null ? null : [`Checksum${checksum.algorithm.toUpperCase()}`, checksum.value],
          ['PartNumber', number],
          ['ETag', etag],
          ['Size', body.length],
          ['LastModified', formatTime(lastModifiedMs)],
        ],
      ]),
    ],
  ]);
};

export const listMultipartUploads: Operate = ({ bucket: bucketName, query }, { buckets }) => {
  const bucket = buckets.get(bucketName);
  const name = nameWriter(query);
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const maxUploads = readCount(query, 'max-uploads');
  const uploads = [...bucket.uploads.values()]
    .filter(({ key, id }) => key.startsWith(prefix) && (key > keyMarker || (key === keyMarker && id > idMarker)))
    .toSorted((a, b) => (a.key < b.key || (a.key === b.key && a.id < b.id) ? -1 : 1));
  const page = uploads.slice(0, maxUploads);
  const last = uploads.length > page.length ? page.at(-1) : undefined;
  return answerXml([
    'ListMultipartUploadsResult',
    [
      ['Bucket', bucketName],
      ['Prefix', name(prefix)],
      ['MaxUploads', maxUploads],
      ['IsTruncated', last !== undefined],
      last === undefined ? null : ['NextKeyMarker', name(last.key)],
      last === undefined ? null : ['NextUploadIdMarker', last.id],
      ...page.map(({ key, id, startedAtMs }): Node => [
        'Upload',
        [
          ['Key', name(key)],
          ['UploadId', id],
          ['StorageClass', 'STANDARD'],
          ['Initiated', formatTime(startedAtMs)],
        ],
      ]),
    ],
  ]);
};
