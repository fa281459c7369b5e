/**
 * The checksums for uploads; `none` sends no header of a checksum, for stores that refuse them.
 * @default 'crc32', which Node computes natively and S3 combines over parts
 */
export const CHECKSUM_CHOICES = ['crc32', 'crc32c', 'crc64nvme', 'sha256', 'none'] as const;
export type ChecksumChoice = (typeof CHECKSUM_CHOICES)[number];

/** The digests that S3 may report for an object, under their JSON names, cheapest first. */
export const DIGEST_ALGORITHMS = ['sha256', 'sha1', 'crc32', 'md5', 'crc32c', 'crc64nvme'] as const;
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];
