import type { BigIntStats } from 'node:fs';
import { lstat, unlink } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { geteuid } from 'node:process';
import { readSystemCode } from '../../files/system-error.ts';
import { readTag } from '../partial-name.ts';

export interface SavedPartial {
  readonly partialPath: string;
  readonly inode: string;
}

/**
 * Whether a saved path can be the temporary file of a download to `path`: in the same directory, with a temporary name.
 * The state may be shared with other users, who can write anything into it.
 */
export function isPartialOf(path: string, { partialPath }: SavedPartial): boolean {
  return dirname(partialPath) === dirname(resolve(path)) && readTag(basename(partialPath)) !== null;
}

/**
 * Removes a saved temporary file, after checking that it is one.
 * @returns false if it still exists, so that its record must stay
 */
export async function removePartial({ partialPath, inode }: SavedPartial): Promise<boolean> {
  if (readTag(basename(partialPath)) === null) return true;
  const found = await findOwnFile(partialPath);
  if (found === 'unreadable') return false;
  if (found === null || String(found.ino) !== inode) return true;
  return await removeFile(partialPath);
}

/** @returns whether it could be removed */
export async function removeFile(path: string): Promise<boolean> {
  return await unlink(path).then(
    () => true,
    () => false,
  );
}

/** The stats of a regular file of this user with no other name; null for anything else. Does not follow links. */
export async function findOwnFile(path: string): Promise<BigIntStats | 'unreadable' | null> {
  try {
    const found = await lstat(path, { bigint: true });
    return isOwnFile(found) ? found : null;
  } catch (error) {
    const code = readSystemCode(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? null : 'unreadable';
  }
}

/** Whether it is a regular file of this user with no other name. */
export function isOwnFile(facts: BigIntStats): boolean {
  const uid = geteuid?.();
  return facts.isFile() && facts.nlink === 1n && (uid === undefined || facts.uid === BigInt(uid));
}
