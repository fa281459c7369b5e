import type { BigIntStats } from 'node:fs';
import { lstat, unlink } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { geteuid } from 'node:process';
import { readSystemCode } from '../local-errors.ts';

/** Ends the temporary names of downloads, so that a later run recognizes what a killed one left. */
export const PARTIAL_SUFFIX = '.breakwater-part';

/** `.NAME.TAG.breakwater-part`; the tag is random, and a number follows where many files share it. */
const PARTIAL_NAME = /^\..*\.([0-9a-f]{12})(?:-\d+)?\.breakwater-part$/s;

/** Longest file name that common file systems take, in bytes. */
const NAME_BYTES_MAX = 255;

/** The name of the temporary file of a download to `name`. */
export function partialName(name: string, tag: string): string {
  const ending = `.${tag}${PARTIAL_SUFFIX}`;
  // A long name is cut by bytes, so that the temporary name fits too.
  const stem = Buffer.from(name)
    .subarray(0, NAME_BYTES_MAX - ending.length - 1)
    .toString('utf8')
    .replaceAll('\uFFFD', '');
  return `.${stem}${ending}`;
}

/** The tag in the name of a temporary file, without its number; null if it is not such a name. */
export function readTag(name: string): string | null {
  return PARTIAL_NAME.exec(name)?.[1] ?? null;
}

/** A temporary file as it was saved. */
export interface SavedPartial {
  readonly partialPath: string;
  readonly inode: string;
}

/**
 * Whether a saved path may be the temporary file of a download to `path`: only its directory can have one, under our
 * pattern of names. The state can be shared with others, who may have written anything into it.
 */
export function isPartialOf(path: string, { partialPath }: SavedPartial): boolean {
  return dirname(partialPath) === dirname(resolve(path)) && readTag(basename(partialPath)) !== null;
}

/**
 * Removes a saved temporary file, if it is one.
 * @returns false if it is still there, so that it must not be forgotten
 */
export async function removePartial({ partialPath, inode }: SavedPartial): Promise<boolean> {
  if (readTag(basename(partialPath)) === null) return true;
  const found = await findOwnFile(partialPath);
  if (found === 'unreadable') return false;
  if (found === null || String(found.ino) !== inode) return true;
  return await unlink(partialPath).then(
    () => true,
    () => false,
  );
}

/** A regular file of this user, with no other name; null for anything else. Links are not followed. */
export async function findOwnFile(path: string): Promise<BigIntStats | 'unreadable' | null> {
  try {
    const found = await lstat(path, { bigint: true });
    return isOwnFile(found) ? found : null;
  } catch (error) {
    const code = readSystemCode(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? null : 'unreadable';
  }
}

/** Whether it is a regular file of this user, with no other name. */
export function isOwnFile(facts: BigIntStats): boolean {
  const uid = geteuid?.();
  return facts.isFile() && facts.nlink === 1n && (uid === undefined || facts.uid === BigInt(uid));
}
