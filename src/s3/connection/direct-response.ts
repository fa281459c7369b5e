import { Readable } from 'node:stream';
import type { GetObjectCommandOutput, ServerSideEncryption } from '@aws-sdk/client-s3';
import type { HttpResponse } from '@smithy/core/protocols';
import { readBody } from '../../http/direct-body.ts';
import type { ObjectResponse, StoredResponse } from './object-client.ts';
import { parseHttpTime } from '../../wire-time.ts';

/** The most bytes of a write's response to read; S3's are far shorter. */
export const RESPONSE_BYTES_MAX = 64 * 1024;

/** Enough to recognize the end of a response. */
const END_BYTES = 16;

/** Header names are from the API reference, GetObject, "Response Syntax". Missing headers are undefined. */
export function readObjectResponse({ headers, body, statusCode }: HttpResponse): ObjectResponse {
  const {
    'content-length': length,
    'last-modified': modified,
    'x-amz-meta-mtime': mtime,
    'x-amz-checksum-type': type,
    'x-amz-server-side-encryption': encryption,
  } = headers;
  const sizeBytes = length === undefined ? Number.NaN : Number(length);
  const modifiedMs = modified === undefined ? null : parseHttpTime(modified);
  const head: GetObjectCommandOutput = {
    $metadata: { httpStatusCode: statusCode },
    ...readSums(headers),
    ContentLength: Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined,
    AcceptRanges: headers['accept-ranges'],
    ContentRange: headers['content-range'],
    ContentType: headers['content-type'],
    ContentEncoding: headers['content-encoding'],
    // oxlint-disable-next-line no-restricted-globals -- holds a given time, reads no clock
    LastModified: modifiedMs === null ? undefined : new Date(modifiedMs),
    Metadata: mtime === undefined ? {} : { mtime },
    VersionId: headers['x-amz-version-id'],
    ChecksumType: type === 'COMPOSITE' || type === 'FULL_OBJECT' ? type : undefined,
    SSECustomerAlgorithm: headers['x-amz-server-side-encryption-customer-algorithm'],
    // Values unknown to this SDK are passed on, as the SDK itself does.
    ServerSideEncryption: encryption as ServerSideEncryption | undefined,
  };
  return { head, body };
}

export function readStoredResponse({ headers }: HttpResponse): StoredResponse {
  return {
    ...readSums(headers),
    VersionId: headers['x-amz-version-id'],
    SSECustomerAlgorithm: headers['x-amz-server-side-encryption-customer-algorithm'],
  };
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
 * Reads a response to its end, which frees its connection for the next request. One that has no end is read only up to
 * `RESPONSE_BYTES_MAX`, and its connection is closed.
 */
export async function readWhole(body: unknown): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const take = (chunk: Uint8Array): 'more' | 'enough' => {
    bytes += chunk.byteLength;
    if (bytes > RESPONSE_BYTES_MAX) return 'enough';
    chunks.push(chunk);
    return 'more';
  };
  if (body instanceof Readable) await readBody(body, take);
  return Buffer.concat(chunks);
}

/** S3 may send status 200 before it has stored the bytes, and then report a failure in the body. */
export function isErrorBody(body: Uint8Array): boolean {
  return Buffer.from(body.subarray(-END_BYTES)).toString().trimEnd().endsWith('</Error>');
}
