const MIB = 1024 * 1024;

/** S3's limits on multipart uploads (User Guide, "Amazon S3 multipart upload limits"). */
export const PARTS_MAX = 10_000;
export const PART_BYTES_MIN = 5 * MIB;
export const PART_BYTES_MAX = 5 * 1024 * MIB;

/** Part size where nothing asks for another, in bytes. */
export const PART_BYTES_DEFAULT = 8 * MIB;

/**
 * The size of one part, in bytes: the default, or as much larger as the 10,000 parts ask for, in whole MiB.
 * A source of unknown length gets the default.
 */
export function planPartSize(sizeBytes: number | null): number {
  const needed = Math.ceil((sizeBytes ?? 0) / PARTS_MAX / MIB) * MIB;
  return Math.max(PART_BYTES_DEFAULT, needed);
}
