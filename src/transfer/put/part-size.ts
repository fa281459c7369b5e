import { PARTS_MAX } from '../../s3/protocol/limits.ts';
import { BreakwaterError } from '../../errors.ts';

const MIB = 1024 * 1024;

/** S3's limits on multipart uploads (User Guide, "Amazon S3 multipart upload limits"). */
export const PART_BYTES_MIN = 5 * MIB;
export const PART_BYTES_MAX = 5 * 1024 * MIB;
const OBJECT_BYTES_MAX = 5 * 1024 * 1024 * MIB;

/** The default part size, in bytes. */
export const PART_BYTES_DEFAULT = 8 * MIB;

/**
 * The part size, in bytes: the default, or a larger one in whole MiB if the file would need more than 10,000 parts. A
 * source of unknown length gets the default.
 */
export function planPartSize(sizeBytes: number | null): number {
  const needed = Math.ceil((sizeBytes ?? 0) / PARTS_MAX / MIB) * MIB;
  return Math.max(PART_BYTES_DEFAULT, needed);
}

/**
 * The requested part size of a file, or the planned one.
 * @throws BreakwaterError `usage` if S3 does not accept an object, or so many parts, of that size
 */
export function choosePartSize(file: { path: string; sizeBytes: number }, requestedBytes: number | null): number {
  const { path, sizeBytes } = file;
  if (sizeBytes > OBJECT_BYTES_MAX) {
    throw new BreakwaterError('usage', `${path} is larger than the 5 TiB that an object can have`);
  }
  const planned = planPartSize(sizeBytes);
  if (requestedBytes === null) return planned;
  if (Math.ceil(sizeBytes / requestedBytes) > PARTS_MAX) {
    throw new BreakwaterError('usage', `${path} would take more than ${PARTS_MAX} parts of that size`, {
      details: { hint: `choose a --part-size of at least ${planned / MIB}MiB, or none` },
    });
  }
  return requestedBytes;
}
