import { randomUUID } from 'node:crypto';
import { combineCrcs } from '../../src/s3/checksum/combine-crcs.ts';
import { CHECKSUM_NAMES, digestOf, isCrc, type ChecksumName } from './digests.ts';
import { document, escapeXml, refuse, type NullRequest, type NullResponse } from './message.ts';
import { checksumFields } from './read-object.ts';
import { NULL_BLOCK } from './pattern.ts';
import type { ReceivedContent } from './received-content.ts';
import { composeEtag, type StoredChecksum, type StoredObject } from './stored-object.ts';

/** What S3 keeps of an object whose uploader chose nothing. */
const DEFAULT_CHECKSUM = 'crc64nvme';

/** What was sent here, as far as it may be asked for later. */
export interface Written {
  readonly objects: Map<string, StoredObject>;
  readonly uploads: Map<string, Upload>;
}

interface Upload {
  readonly checksum: ChecksumName;
  readonly type: StoredChecksum['type'];
  readonly parts: Map<number, ReceivedContent>;
}

/** PutObject and UploadPart: refused where the content is not what the request says, as S3 does. */
export function putContent(request: NullRequest, { objects, uploads }: Written): NullResponse {
  const { key, query, headers, content } = request;
  if (content === null) return refuse(400, 'InvalidRequest');
  const wrong = findWrongDigest(headers, content);
  if (wrong !== null) return refuse(400, 'BadDigest', `${wrong} is not that of the content`);
  const sent = CHECKSUM_NAMES.find((name) => headers.has(field(name)));
  const uploadId = query.get('uploadId');
  const etag = `"${digestText(content, 'md5', 'hex')}"`;
  if (uploadId !== null) {
    const upload = uploads.get(uploadId);
    if (upload === undefined) return refuse(404, 'NoSuchUpload');
    upload.parts.set(Number(query.get('partNumber')), content);
    const name = sent ?? upload.checksum;
    return { status: 200, headers: [`etag: ${etag}`, `${field(name)}: ${digestText(content, name)}`], body: '' };
  }
  const name = sent ?? DEFAULT_CHECKSUM;
  const checksum: StoredChecksum = { name, value: digestText(content, name), type: 'FULL_OBJECT' };
  objects.set(key, { sizeBytes: content.sizeBytes, etag, checksum, phase: content.phase, partSizes: [] });
  return { status: 200, headers: [`etag: ${etag}`, ...checksumFields(checksum)], body: '' };
}

export function createUpload({ key, headers }: NullRequest, { uploads }: Written): NullResponse {
  const asked = headers.get('x-amz-checksum-algorithm')?.toLowerCase();
  const checksum = CHECKSUM_NAMES.find((name) => name === asked) ?? DEFAULT_CHECKSUM;
  const isFull = headers.get('x-amz-checksum-type') === 'FULL_OBJECT' || checksum === DEFAULT_CHECKSUM;
  const type = isFull && isCrc(checksum) ? 'FULL_OBJECT' : 'COMPOSITE';
  const uploadId = randomUUID();
  uploads.set(uploadId, { checksum, type, parts: new Map() });
  const created = document(
    'InitiateMultipartUploadResult',
    `<Key>${escapeXml(key)}</Key><UploadId>${uploadId}</UploadId>`,
  );
  const announced = [`x-amz-checksum-algorithm: ${checksum.toUpperCase()}`, `x-amz-checksum-type: ${type}`];
  return { ...created, headers: [...created.headers, ...announced] };
}

export function completeUpload({ key, query, headers, body }: NullRequest, written: Written): NullResponse {
  const uploadId = query.get('uploadId') ?? '';
  const upload = written.uploads.get(uploadId);
  if (upload === undefined) return refuse(404, 'NoSuchUpload');
  const parts = findParts(upload, body);
  if (parts === null) return refuse(400, 'InvalidPart');
  const checksum = sumParts(upload, parts);
  const expected = headers.get(field(upload.checksum));
  if (expected !== undefined && expected !== checksum.value) return refuse(400, 'BadDigest');
  const partSizes = parts.map(({ sizeBytes }) => sizeBytes);
  const sizeBytes = partSizes.reduce((sum, size) => sum + size, 0);
  const etag = composeEtag(parts.map((part) => part.digest('md5') ?? Buffer.alloc(0)));
  written.objects.set(key, { sizeBytes, etag, checksum, phase: findJoinedPhase(parts), partSizes });
  written.uploads.delete(uploadId);
  const summed = `<Checksum${checksum.name.toUpperCase()}>${checksum.value}</Checksum${checksum.name.toUpperCase()}><ChecksumType>${checksum.type}</ChecksumType>`;
  return document(
    'CompleteMultipartUploadResult',
    `<Key>${escapeXml(key)}</Key><ETag>${escapeXml(etag)}</ETag>${summed}`,
  );
}

/** The parts that are named, in the order of their numbers; null where one is missing or another. */
function findParts({ parts }: Upload, body: string): readonly ReceivedContent[] | null {
  const found: ReceivedContent[] = [];
  for (const [named] of body.matchAll(/<Part>.*?<\/Part>/gs)) {
    const part = parts.get(Number(/<PartNumber>(\d+)</.exec(named)?.[1]));
    const etag = /<ETag>\W*([0-9a-f]{32})\b/.exec(named.replaceAll('&quot;', '"').replaceAll('&#34;', '"'))?.[1];
    if (part === undefined || digestText(part, 'md5', 'hex') !== etag) return null;
    found.push(part);
  }
  return found.length === 0 ? null : found;
}

function sumParts({ checksum: name, type }: Upload, parts: readonly ReceivedContent[]): StoredChecksum {
  if (type === 'FULL_OBJECT' && isCrc(name)) {
    const summed = parts.map((part) => ({ checksum: digestText(part, name), sizeBytes: part.sizeBytes }));
    return { name, value: combineCrcs(name, summed), type };
  }
  const digests = parts.map((part) => part.digest(name) ?? Buffer.alloc(0));
  return { name, value: `${digestOf(name, digests).toString('base64')}-${parts.length}`, type };
}

/** Where the whole begins in the pattern; null where the parts do not go on from each other. */
function findJoinedPhase(parts: readonly ReceivedContent[]): number | null {
  const start = parts[0]?.phase ?? null;
  let next = start;
  for (const { phase, sizeBytes } of parts) {
    if (next === null || phase !== next) return null;
    next = (next + sizeBytes) % NULL_BLOCK.length;
  }
  return start;
}

/** What a request says of its content and is not so; null where all is. */
function findWrongDigest(headers: ReadonlyMap<string, string>, content: ReceivedContent): string | null {
  const length = headers.get('x-amz-decoded-content-length');
  if (length !== undefined && Number(length) !== content.sizeBytes) return 'x-amz-decoded-content-length';
  for (const name of CHECKSUM_NAMES) {
    const sent = headers.get(field(name));
    if (sent !== undefined && sent !== digestText(content, name)) return field(name);
  }
  const md5 = headers.get('content-md5');
  if (md5 !== undefined && md5 !== digestText(content, 'md5')) return 'content-md5';
  const sha256 = headers.get('x-amz-content-sha256') ?? '';
  return /^[0-9a-f]{64}$/.test(sha256) && sha256 !== digestText(content, 'sha256', 'hex')
    ? 'x-amz-content-sha256'
    : null;
}

function digestText(
  content: ReceivedContent,
  name: ChecksumName | 'md5',
  encoding: 'base64' | 'hex' = 'base64',
): string {
  return content.digest(name)?.toString(encoding) ?? '';
}

function field(name: ChecksumName): string {
  return `x-amz-checksum-${name}`;
}
