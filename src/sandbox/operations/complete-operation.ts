import { createHash } from 'node:crypto';
import { xmlResponse, childText, malformedDocument, readDocument, type Element } from '../protocol/xml.ts';
import type { Bucket } from '../store/bucket.ts';
import { checksumElement, checksumNodes, combineChecksums, parseAlgorithm } from '../protocol/checksum.ts';
import { checkWriteConditions } from './conditions.ts';
import { checkGivenKey } from './customer-key.ts';
import { writtenHeaders } from './kept-headers.ts';
import type { Operate } from './operate.ts';
import type { StoredObject, StoredPart, StoredUpload } from '../store/stored.ts';
import { writtenVersionHeaders } from './version-headers.ts';
import { Refusal, type Checksum } from '../protocol/wire.ts';

/** Minimum size of all parts except the last. */
const PART_MIN_BYTES = 5 * 1024 * 1024;

export const completeUpload: Operate = ({ bucket: name, key, query, headers, body }, { buckets, nowMs }) => {
  const bucket = buckets.get(name);
  const uploadId = query.get('uploadId') ?? '';
  const named = readPartList(body);
  const request = JSON.stringify([key, ...named.map(({ number, etag }) => [number, etag])]);
  const earlier = bucket.completedUploads.find(uploadId, request);
  if (earlier !== undefined) return earlier;
  const upload = bucket.getUpload(uploadId, key);
  checkGivenKey(headers, upload.headers);
  checkWriteConditions(headers, bucket.find(key));
  const parts = pickParts(upload, named);
  const whole = Buffer.concat(parts.map((part) => part.body));
  const checksum = combine(upload, parts, whole);
  checkExpected(headers, { whole, checksum });
  const object = bucket.put(key, {
    body: whole,
    etag: combineEtags(parts),
    lastModifiedMs: nowMs,
    headers: upload.headers,
    checksum,
    parts: parts.map((part) => ({ sizeBytes: part.body.length, checksum: part.checksum })),
  });
  bucket.uploads.delete(upload.id);
  const response = completedResponse(bucket, key, object);
  bucket.completedUploads.add(upload.id, { request, response });
  return response;
};

function completedResponse(bucket: Bucket, key: string, object: StoredObject): ReturnType<Operate> {
  return xmlResponse(
    [
      'CompleteMultipartUploadResult',
      [
        ['Bucket', bucket.name],
        ['Key', key],
        ['ETag', object.etag],
        ...checksumNodes(object.checksum),
        object.checksum === null ? null : ['ChecksumType', object.checksum.type],
      ],
    ],
    { ...writtenHeaders(object.headers), ...writtenVersionHeaders(bucket, object) },
  );
}

interface NamedPart {
  readonly number: number;
  /** Without quotes. */
  readonly etag: string;
  readonly element: Element;
}

/** @throws Refusal `MalformedXML` */
function readPartList(body: Buffer): readonly NamedPart[] {
  const document = readDocument(body.toString());
  const { name, children } = document;
  const isList = name === 'CompleteMultipartUpload' && children.every((child) => child.name === 'Part');
  if (!isList || children.length === 0) throw malformedDocument();
  return children.map((element) => {
    const number = childText(element, 'PartNumber') ?? '';
    const etag = childText(element, 'ETag');
    if (!/^\d{1,5}$/.test(number) || etag === null) throw malformedDocument();
    return { number: Number(number), etag: etag.replaceAll('"', ''), element };
  });
}

/** The parts that the request names. @throws Refusal if they are missing, out of order or too small */
function pickParts(upload: StoredUpload, named: readonly NamedPart[]): readonly StoredPart[] {
  if (named.some(({ number }, index) => index > 0 && number <= (named[index - 1]?.number ?? 0))) {
    throw new Refusal('InvalidPartOrder', 'The list of parts was not in ascending order.');
  }
  return named.map(({ number, etag, element }, index) => {
    const part = upload.parts.get(number);
    if (part === undefined || part.etag !== `"${etag}"`) {
      throw new Refusal('InvalidPart', 'One or more of the specified parts could not be found.');
    }
    if (index < named.length - 1 && part.body.length < PART_MIN_BYTES) {
      throw new Refusal('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
    }
    checkPartChecksum(element, part, upload);
    return part;
  });
}

/** For a composite checksum, the document must repeat the part checksums. */
function checkPartChecksum(element: Element, part: StoredPart, { checksum }: StoredUpload): void {
  if (checksum === null) return;
  const algorithm = checksum.algorithm;
  const named = childText(element, checksumElement(algorithm));
  if (named === null && checksum.type === 'COMPOSITE') {
    const message = `The upload was created using a ${algorithm} checksum. The complete request must include the checksum for each part.`;
    throw new Refusal('InvalidRequest', message);
  }
  if (named !== null && (part.checksum?.algorithm !== algorithm || part.checksum.value !== named)) {
    throw new Refusal('InvalidPart', 'One or more of the specified parts could not be found.');
  }
}

function combine({ checksum }: StoredUpload, parts: readonly StoredPart[], whole: Buffer): Checksum | null {
  if (checksum === null) return null;
  const { algorithm, type } = checksum;
  const sums = parts.flatMap((part) => (part.checksum?.algorithm === algorithm ? [part.checksum] : []));
  return combineChecksums(algorithm, { whole, parts: sums, type });
}

/** Checks the object against the size and checksum in the request. */
function checkExpected(
  headers: ReadonlyMap<string, string>,
  { whole, checksum }: { readonly whole: Buffer; readonly checksum: Checksum | null },
): void {
  const size = headers.get('x-amz-mp-object-size');
  if (size !== undefined && Number(size) !== whole.length) {
    throw new Refusal('InvalidRequest', `The provided 'x-amz-mp-object-size' header does not match what was computed.`);
  }
  const type = headers.get('x-amz-checksum-type');
  if (type !== undefined && type !== checksum?.type) {
    throw new Refusal('InvalidRequest', 'The complete request must use the checksum type of the upload.');
  }
  for (const [name, expected] of headers) {
    const algorithm = parseAlgorithm(/^x-amz-checksum-(.+)$/.exec(name)?.[1] ?? '');
    if (algorithm === undefined) continue;
    if (algorithm !== checksum?.algorithm) {
      throw new Refusal('InvalidRequest', `The upload was not created with the ${algorithm} checksum.`);
    }
    if (expected !== checksum.value) {
      throw new Refusal('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
    }
  }
}

/** The MD5 of the part MD5s, and the number of parts. */
function combineEtags(parts: readonly StoredPart[]): string {
  const digests = createHash('md5');
  for (const { etag } of parts) digests.update(Buffer.from(etag.replaceAll('"', ''), 'hex'));
  return `"${digests.digest('hex')}-${parts.length}"`;
}
