import { createReadStream, readFileSync, type Stats } from 'node:fs';
import type { ListedObject } from '../../s3/list/list-objects.ts';
import type { ObjectFacts } from '../../s3/download/download-request.ts';
import { CompositeDigest } from '../../s3/checksum/composite-digest.ts';
import { loadDigest } from '../../s3/checksum/digest.ts';
import { isOfOnePiece, type ExpectedChecksum } from '../../s3/checksum/expected-checksum.ts';
import { matchesObject } from '../../s3/checksum/whole-object.ts';
import { isSmall } from '../open-file.ts';

export interface PresentFile extends Pick<Stats, 'size' | 'mtimeMs' | 'ctimeMs'> {
  readonly path: string;
}

/** The error of a restored time, in ms: it is set to the microsecond, and a double loses some of that. */
const TIME_ERROR_MS = 0.002;

/** Time steps of file systems, in ms, coarsest first: FAT, ext3, exFAT, and those with whole milliseconds. */
const TIME_UNITS_MS = [2000, 1000, 10, 1] as const;

/**
 * Whether a file of the same size is the object. The exact time stored by the writer decides; without one, the second
 * in which the object was stored and, if S3 states one of the whole or of a single part, the checksum.
 * @param stat asks S3 about the object, because listings do not show the writer's time
 */
export async function isAlreadyHere(
  file: PresentFile,
  { sizeBytes, lastModifiedMs, etag }: Pick<ListedObject, 'sizeBytes' | 'lastModifiedMs' | 'etag'>,
  stat: () => Promise<ObjectFacts>,
): Promise<boolean> {
  if (file.size !== sizeBytes) return false;
  const isOfThatSecond = lastModifiedMs !== null && isSameSecond(file.mtimeMs, lastModifiedMs);
  // If the MD5 matches, no request is needed. If not, the bytes may still be equal, because not every ETag is an MD5.
  if (isOfThatSecond && (await hasDigest(file, readMd5(etag)))) return true;
  const { sizeBytes: sizeNow, modifiedMs, isWritersTime, expected } = await stat();
  if (sizeNow !== null && sizeNow !== sizeBytes) return false;
  if (modifiedMs === null) return false;
  if (isWritersTime) return isSameTime(file, modifiedMs);
  if (!isSameSecond(file.mtimeMs, modifiedMs)) return false;
  return expected === null || !isOfOnePiece(expected) || (await hasDigest(file, expected));
}

/** Whether a file has this time, as exactly as its file system can store it. */
export function isSameTime({ mtimeMs, ctimeMs }: Pick<PresentFile, 'mtimeMs' | 'ctimeMs'>, ms: number): boolean {
  const distanceMs = Math.abs(mtimeMs - ms);
  if (distanceMs <= TIME_ERROR_MS) return true;
  // The system sets the ctime, so it shows the step: with a finer one, it would have more decimals.
  const unitMs = TIME_UNITS_MS.find((unit) => mtimeMs % unit === 0 && ctimeMs % unit === 0);
  return unitMs !== undefined && distanceMs < unitMs;
}

/** S3 reports in whole seconds when an object was stored. */
function isSameSecond(a: number, b: number): boolean {
  return Math.floor(a / 1000) === Math.floor(b / 1000);
}

/** The MD5 in an ETag, or that of the MD5 of a single part; null for any other. */
function readMd5(etag: string | null): ExpectedChecksum | null {
  const [, value, parts] = /^"?([0-9a-f]{32})(-1)?"?$/.exec(etag ?? '') ?? [];
  return value === undefined ? null : { algorithm: 'md5', value, parts: parts === undefined ? null : 1 };
}

/** Whether a file has this checksum. False if it is missing or unreadable by now. */
async function hasDigest({ path, size }: PresentFile, expected: ExpectedChecksum | null): Promise<boolean> {
  if (expected === null) return false;
  try {
    if (isSmall(size)) return await matchesObject(expected, readFileSync(path));
    await loadDigest(expected.algorithm);
    const digest = new CompositeDigest(expected, []);
    for await (const chunk of createReadStream(path)) if (Buffer.isBuffer(chunk)) digest.update(chunk);
    return (await digest.value()) === expected.value;
  } catch {
    return false;
  }
}
