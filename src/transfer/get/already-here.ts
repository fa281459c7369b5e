import { createHash, hash } from 'node:crypto';
import { createReadStream, readFileSync, type Stats } from 'node:fs';
import type { ListedObject } from '../../s3/list/list-objects.ts';
import type { ObjectFacts } from '../../s3/download/download-request.ts';
import type { ExpectedChecksum } from '../../s3/checksum/expected-checksum.ts';

/** What a file is compared by. */
export interface PresentFile extends Pick<Stats, 'size' | 'mtimeMs' | 'ctimeMs'> {
  readonly path: string;
}

/** Files up to this size are read synchronously: that is only a copy from the page cache. */
const SYNC_BYTES_MAX = 256 * 1024;

/** Times are restored to the microsecond; this is that, and what a double loses of it, in ms. */
const TIME_ERROR_MS = 0.002;

/** Units in which file systems store times, in ms, coarsest first: FAT, ext3, exFAT, and those with whole milliseconds. */
const TIME_UNITS_MS = [2000, 1000, 10, 1] as const;

/**
 * Whether a file of the same size is the object. The time that the writer stored decides, with its decimals. An object
 * without one is told by its MD5; only where there is none, the second in which it was stored decides.
 * @param stat asks S3 about the object; listings do not show the writer's time
 */
export async function isAlreadyHere(
  file: PresentFile,
  { sizeBytes, lastModifiedMs, etag }: Pick<ListedObject, 'sizeBytes' | 'lastModifiedMs' | 'etag'>,
  stat: () => Promise<ObjectFacts>,
): Promise<boolean> {
  if (file.size !== sizeBytes) return false;
  const isOfThatSecond = lastModifiedMs !== null && isSameSecond(file.mtimeMs, lastModifiedMs);
  // Equal bytes need no request; others may be equal, too, because not every ETag is an MD5.
  if (isOfThatSecond && (await hasDigest(file, readMd5(etag)))) return true;
  const { modifiedMs, isWritersTime, promise } = await stat();
  if (modifiedMs === null) return false;
  if (isWritersTime) return isSameTime(file, modifiedMs);
  if (!isSameSecond(file.mtimeMs, modifiedMs)) return false;
  const isComparable = promise?.algorithm === 'md5' && promise.parts === null;
  return !isComparable || (await hasDigest(file, promise));
}

/** Whether a file has the time, as exactly as its file system stores it. */
export function isSameTime({ mtimeMs, ctimeMs }: Pick<PresentFile, 'mtimeMs' | 'ctimeMs'>, ms: number): boolean {
  const distanceMs = Math.abs(mtimeMs - ms);
  if (distanceMs <= TIME_ERROR_MS) return true;
  // The system sets the ctime, so it shows the unit: where it is finer, the decimals of a time would be there.
  const unitMs = TIME_UNITS_MS.find((unit) => mtimeMs % unit === 0 && ctimeMs % unit === 0);
  return unitMs !== undefined && distanceMs < unitMs;
}

/** S3 states in whole seconds when an object was stored. */
function isSameSecond(a: number, b: number): boolean {
  return Math.floor(a / 1000) === Math.floor(b / 1000);
}

function readMd5(etag: string | null): Pick<ExpectedChecksum, 'expected'> | null {
  const [, expected] = /^"?([0-9a-f]{32})"?$/.exec(etag ?? '') ?? [];
  return expected === undefined ? null : { expected };
}

/** Whether a file has the MD5. It may be gone or unreadable by now: then it has not. */
async function hasDigest(
  { path, size }: PresentFile,
  md5: Pick<ExpectedChecksum, 'expected'> | null,
): Promise<boolean> {
  if (md5 === null) return false;
  try {
    if (size <= SYNC_BYTES_MAX) return hash('md5', readFileSync(path)) === md5.expected;
    const digest = createHash('md5');
    for await (const chunk of createReadStream(path)) if (Buffer.isBuffer(chunk)) digest.update(chunk);
    return digest.digest('hex') === md5.expected;
  } catch {
    return false;
  }
}
