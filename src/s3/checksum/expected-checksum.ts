import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { DIGEST_ALGORITHMS, type DigestAlgorithm } from './algorithms.ts';
import { readDigest } from './digest-text.ts';
import { unquote } from './etag.ts';
import { PARTS_MAX } from '../protocol/limits.ts';

/** A checksum reported by S3, and how to compute it. */
export interface ExpectedChecksum {
  readonly algorithm: DigestAlgorithm;
  /** Base64 for checksums, hexadecimal for an MD5 ETag; without the number of parts. */
  readonly value: string;
  /** The number of parts of a composite checksum; null for a digest of the bytes. */
  readonly parts: number | null;
}

/** The checksum that verified an object: `-composite` if it was computed over the uploaded parts. */
export type VerifiedBy = DigestAlgorithm | `${DigestAlgorithm}-composite`;

/** The response to a GET or a HEAD. */
type StatedChecksums = Pick<
  GetObjectCommandOutput,
  | 'ETag'
  | 'ServerSideEncryption'
  | 'SSECustomerAlgorithm'
  | 'ChecksumType'
  | 'ChecksumSHA256'
  | 'ChecksumSHA1'
  | 'ChecksumCRC32'
  | 'ChecksumCRC32C'
  | 'ChecksumCRC64NVME'
>;

/**
 * The reported checksum that is cheapest to verify; null if there is none. A checksum of the whole, or of a single part,
 * is preferred to one of several parts, whose sizes would have to be requested.
 *
 * The ETag of an encrypted object is not an MD5 of its bytes, so it is ignored.
 */
export function findExpected(response: StatedChecksums): ExpectedChecksum | null {
  const reported: Readonly<Record<DigestAlgorithm, string | undefined>> = {
    sha256: response.ChecksumSHA256,
    sha1: response.ChecksumSHA1,
    crc32: response.ChecksumCRC32,
    md5: readMd5(response),
    crc32c: response.ChecksumCRC32C,
    crc64nvme: response.ChecksumCRC64NVME,
  };
  const found = DIGEST_ALGORITHMS.flatMap((algorithm) => {
    const type = algorithm === 'md5' ? undefined : response.ChecksumType;
    return parseExpected(algorithm, reported[algorithm], type) ?? [];
  });
  return found.find(isOfOnePiece) ?? found[0] ?? null;
}

/** The name of the checksum in `verified_by`: `sha256`, or `sha256-composite`. */
export function formatExpected({ algorithm, parts }: ExpectedChecksum): VerifiedBy {
  return parts === null ? algorithm : `${algorithm}-composite`;
}

/**
 * Whether a mismatch proves corruption. The ETag of several parts may be computed differently; that of one part is the
 * MD5 of the object's MD5.
 */
export function isProof(expected: ExpectedChecksum): boolean {
  return expected.algorithm !== 'md5' || isOfOnePiece(expected);
}

/** Whether it can be compared without the sizes of parts: it is of the whole, or of a single part. */
export function isOfOnePiece({ parts }: Pick<ExpectedChecksum, 'parts'>): boolean {
  return (parts ?? 1) === 1;
}

function parseExpected(
  algorithm: DigestAlgorithm,
  text: string | undefined,
  type: GetObjectCommandOutput['ChecksumType'],
): ExpectedChecksum | null {
  const [, value, count] = /^([^-]+)(?:-(\d{1,5}))?$/.exec(text ?? '') ?? [];
  // An ETag has been read as an MD5 before.
  const expected = algorithm === 'md5' ? (value ?? null) : readDigest(algorithm, value);
  if (expected === null) return null;
  // The type contradicts the form, so the digested bytes are unknown.
  if (type !== undefined && (type === 'COMPOSITE') !== (count !== undefined)) return null;
  if (count === undefined) return { algorithm, value: expected, parts: null };
  const parts = Number(count);
  return parts >= 1 && parts <= PARTS_MAX ? { algorithm, value: expected, parts } : null;
}

function readMd5({ ETag, SSECustomerAlgorithm, ServerSideEncryption }: StatedChecksums): string | undefined {
  const etag = unquote(ETag ?? '');
  const isEncryptedElsewhere = SSECustomerAlgorithm !== undefined || (ServerSideEncryption ?? 'AES256') !== 'AES256';
  return /^[0-9a-f]{32}(-\d{1,5})?$/.test(etag) && !isEncryptedElsewhere ? etag : undefined;
}
