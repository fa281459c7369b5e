/** The checksums that an upload can carry. @default 'crc32', which Node computes natively and S3 combines over parts */
export const CHECKSUM_CHOICES = ['crc32', 'crc32c', 'crc64nvme', 'sha256'] as const;
export type ChecksumChoice = (typeof CHECKSUM_CHOICES)[number];
