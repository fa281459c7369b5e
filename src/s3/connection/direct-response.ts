import { Readable } from 'node:stream';
import type { GetObjectCommandOutput, PutObjectCommandOutput, ServerSideEncryption } from '@aws-sdk/client-s3';
import type { HttpResponse } from '@smithy/core/protocols';
import { parseTime } from '../../clock.ts';
import { readBody } from '../../http/direct-body.ts';

/** The longest answer to a write that is read; S3's are shorter by far. */
const RESPONSE_BYTES_MAX = 64 * 1024;

/** Enough to tell what a response ends with. */
const END_BYTES = 16;

/** A response to GetObject: what this program reads of its head, and the body as the HTTP handler gave it. */
export interface ObjectResponse {
  readonly head: GetObjectCommandOutput;
  readonly body: unknown;
}

/** What this program reads of a response to PutObject or UploadPart. */
export type StoredResponse = Omit<PutObjectCommandOutput, '$metadata'>;

/** Names of headers: API reference, GetObject, "Response Syntax". Fields that the response has not are left out. */
export function readObjectResponse({ headers, body, statusCode }: HttpResponse): ObjectResponse {
  const {
    'content-length': length,
    'last-modified': modified,
    'x-amz-meta-mtime': mtime,
    'x-amz-checksum-type': type,
    'x-amz-server-side-encryption': encryption,
  } = headers;
  const sizeBytes = length === undefined ? Number.NaN : Number(length);
  const modifiedMs = modified === undefined ? null : parseTime(modified);
  const head: GetObjectCommandOutput = {
    $metadata: { httpStatusCode: statusCode },
    ...readSums(headers),
    ContentLength: Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined,
    ContentRange: headers['content-range'],
    ContentType: headers['content-type'],
    // oxlint-disable-next-line no-restricted-globals -- holds a given time, reads no clock
    LastModified: modifiedMs === null ? undefined : new Date(modifiedMs),
    Metadata: mtime === undefined ? {} : { mtime },
    VersionId: headers['x-amz-version-id'],
    ChecksumType: type === 'COMPOSITE' || type === 'FULL_OBJECT' ? type : undefined,
    SSECustomerAlgorithm: headers['x-amz-server-side-encryption-customer-algorithm'],
    // A word that this SDK does not know yet is still one: as the SDK does, it is passed on.
    ServerSideEncryption: encryption as ServerSideEncryption | undefined,
  };
  return { head, body };
}

export function readStoredResponse({ headers }: HttpResponse): StoredResponse {
  return { ...readSums(headers), VersionId: headers['x-amz-version-id'] };
}

function readSums(headers: HttpResponse['headers']) {
  return {
    ETag: headers['etag'],
    ChecksumCRC32: headers['x-amz-checksum-crc32'],
    ChecksumCRC32C: headers['x-amz-checksum-crc32c'],
    ChecksumCRC64NVME: headers['x-amz-checksum-crc64nvme'],
    ChecksumSHA1: headers['x-amz-checksum-sha1'],
    ChecksumSHA256: headers['x-amz-checksum-sha256'],
  };
}

/**
 * Reads a response to its end: only then its connection is free for the next request.
 * @returns its body, as far as it is no longer than the responses of S3 are
 */
export async function readWhole(body: unknown): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const take = (chunk: Uint8Array): 'more' => {
    bytes += chunk.byteLength;
    if (bytes <= RESPONSE_BYTES_MAX) chunks.push(chunk);
    return 'more';
  };
  if (body instanceof Readable) await readBody(body, take);
  return Buffer.concat(chunks);
}

/** S3 begins to answer before it has stored the bytes, and may have to say then that it could not. */
export function saysError(body: Uint8Array): boolean {
  return Buffer.from(body.subarray(-END_BYTES)).toString().trimEnd().endsWith('</Error>');
}
