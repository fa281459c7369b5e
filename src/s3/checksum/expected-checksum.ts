import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { DIGEST_ALGORITHMS, type DigestAlgorithm } from './algorithms.ts';
import { unquote } from './etag.ts';
import { PARTS_MAX } from '../protocol/limits.ts';

/** What S3 promised about an object, and the name of the check it allows. */
export interface ExpectedChecksum {
  readonly algorithm: DigestAlgorithm;
  /** Base64 for checksums, hexadecimal for an MD5 ETag; without the number of parts. */
  readonly expected: string;
  /** Null for a digest of the bytes; else it is composite, the digest of the digests of so many parts. */
  readonly parts: number | null;
}

/** Of the parts, native ones first; an MD5 last, because one that differs proves nothing. */
const COMPOSITE_ORDER: readonly DigestAlgorithm[] = ['sha256', 'sha1', 'crc32', 'crc32c', 'crc64nvme', 'md5'];

/**
 * The promise about an object that costs least to check; null where S3 makes none. Of the whole before of the parts,
 * which takes knowing them. CRC-32C and CRC-64/NVME have no native implementation, so that an MD5 of the whole is
 * preferred where there is one.
 *
 * An encrypted object's ETag is no MD5: it is not about the bytes, so it may not raise an alarm.
 */
export function findExpected(response: GetObjectCommandOutput): ExpectedChecksum | null {
  const promised: Readonly<Record<DigestAlgorithm, string | undefined>> = {
    sha256: response.ChecksumSHA256,
    sha1: response.ChecksumSHA1,
    crc32: response.ChecksumCRC32,
    md5: readMd5(response),
    crc32c: response.ChecksumCRC32C,
    crc64nvme: response.ChecksumCRC64NVME,
  };
  const find = (algorithms: readonly DigestAlgorithm[], isComposite: boolean): ExpectedChecksum | null => {
    for (const algorithm of algorithms) {
      const type = algorithm === 'md5' ? undefined : response.ChecksumType;
      const promise = parseExpected(algorithm, promised[algorithm], type);
      if (promise !== null && (promise.parts !== null) === isComposite) return promise;
    }
    return null;
  };
  return find(DIGEST_ALGORITHMS, false) ?? find(COMPOSITE_ORDER, true);
}

/** The promise as `verified_by` tells it: `sha256`, or `sha256-composite`. */
export function formatExpected({ algorithm, parts }: ExpectedChecksum): string {
  return parts === null ? algorithm : `${algorithm}-composite`;
}

/** Whether bytes that differ from it are not the object; of an MD5 of parts, the ETag may just be of another make. */
export function isProof({ algorithm, parts }: ExpectedChecksum): boolean {
  return algorithm !== 'md5' || parts === null;
}

function parseExpected(
  algorithm: DigestAlgorithm,
  text: string | undefined,
  type: GetObjectCommandOutput['ChecksumType'],
): ExpectedChecksum | null {
  const [, expected, count] = /^([^-]+)(?:-(\d{1,5}))?$/.exec(text ?? '') ?? [];
  if (expected === undefined) return null;
  // A type and a form that contradict each other: nobody knows what that is of.
  if (type !== undefined && (type === 'COMPOSITE') !== (count !== undefined)) return null;
  if (count === undefined) return { algorithm, expected, parts: null };
  const parts = Number(count);
  return parts >= 1 && parts <= PARTS_MAX ? { algorithm, expected, parts } : null;
}

function readMd5({ ETag, SSECustomerAlgorithm, ServerSideEncryption }: GetObjectCommandOutput): string | undefined {
  const etag = unquote(ETag ?? '');
  const isEncryptedElsewhere = SSECustomerAlgorithm !== undefined || (ServerSideEncryption ?? 'AES256') !== 'AES256';
  return /^[0-9a-f]{32}(-\d{1,5})?$/.test(etag) && !isEncryptedElsewhere ? etag : undefined;
}
