/**
 * The checksums for uploads; `none` sends no header of a checksum, for stores that refuse them.
 * @default 'crc32', which Node computes natively and S3 combines over parts
 */
export const CHECKSUM_CHOICES = ['crc32', 'crc32c', 'crc64nvme', 'sha256', 'none'] as const;
export type ChecksumChoice = (typeof CHECKSUM_CHOICES)[number];

/**
 * The digests that S3 may report for an object, under their JSON names, cheapest first. A GB takes, in ms on one core:
 * CRC-32 250, CRC-32C 640, SHA-1 600, SHA-256 620, CRC-64/NVME 850, MD5 1,400. SHA is slower than the CRCs where the
 * processor has no instructions for it. MD5 is last also because the mismatch of a composite one may prove nothing.
 */
export const DIGEST_ALGORITHMS = ['crc32', 'crc32c', 'sha1', 'sha256', 'crc64nvme', 'md5'] as const;
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];
