import { createHash } from 'node:crypto';
import { xmlResponse, childText, readDocument, type Element } from '../protocol/xml.ts';
import type { Bucket } from '../store/bucket.ts';
import { checksumElement, checksumNodes, combineChecksums } from '../protocol/checksum.ts';
import { checkWriteConditions, matchesEtag } from './conditions.ts';
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
  const upload = bucket.getUpload(query.get('uploadId') ?? '', key);
  checkGivenKey(headers, upload.headers);
  checkWriteConditions(headers, bucket.find(key));
  const parts = pickParts(upload, body);
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
  return completedResponse(bucket, key, object);
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

/** The parts listed in the document. @throws Refusal if they are missing, out of order or too small */
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
  if (checksum === null) return;
  const expected = headers.get(`x-amz-checksum-${checksum.algorithm}`);
  if (expected !== undefined && expected !== checksum.value) {
    const message = `The ${checksum.algorithm} you specified did not match the calculated checksum.`;
    throw new Refusal('BadDigest', message);
  }
}

/** The MD5 of the part MD5s, and the number of parts. */
function combineEtags(parts: readonly StoredPart[]): string {
  const digests = createHash('md5');
  for (const { etag } of parts) digests.update(Buffer.from(etag.replaceAll('"', ''), 'hex'));
  return `"${digests.digest('hex')}-${parts.length}"`;
}
