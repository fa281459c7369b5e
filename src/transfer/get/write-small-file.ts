import { closeSync, futimesSync, linkSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { tryTo } from '../../files/try-to.ts';
import { toTime } from '../open-file.ts';
import { keepPermissions, PRIVATE_MODE, type Permissions } from './keep-permissions.ts';

export interface SmallFile {
  readonly path: string;
  /** Beside it, and of a name that no other file has. */
  readonly partialPath: string;
  readonly content: Uint8Array;
  /** Modification time, in ms; null for now. */
  readonly modifiedMs: number | null;
  /** Keep a file that exists. */
  readonly isNoClobber: boolean;
  /** Those of the file that has the name, which the new one gets; null if there is none. */
  readonly replaced: Permissions | null;
}

/**
 * Writes a temporary file and gives it its name, in one turn of the event loop: nothing else of this program comes
 * between, and the calls only copy to the page cache.
 * @returns false if any of it failed, with nothing left behind: `FileSink` knows what can be done about it, or says why
 * nothing can
 */
export function writeSmallFile(file: SmallFile): boolean {
  const { path, partialPath, isNoClobber, replaced } = file;
  let fd: number;
  try {
    fd = openSync(partialPath, 'wx', replaced === null ? 0o666 : PRIVATE_MODE);
  } catch {
    return false;
  }
  if (writeAndClose(fd, file) && takeName(partialPath, path, isNoClobber)) return true;
  tryTo(() => unlinkSync(partialPath));
  return false;
}

function writeAndClose(fd: number, { content, modifiedMs, replaced }: SmallFile): boolean {
  const isWritten = tryTo(() => {
    // A full disk may take a part of it.
    if (writeSync(fd, content, 0, content.byteLength, 0) < content.byteLength) throw new Error('cut');
    if (modifiedMs !== null) futimesSync(fd, toTime(modifiedMs / 1000), toTime(modifiedMs / 1000));
    if (replaced !== null) keepPermissions(fd, replaced);
  });
  return tryTo(() => closeSync(fd)) && isWritten;
}

function takeName(partialPath: string, path: string, isNoClobber: boolean): boolean {
  if (!isNoClobber) return tryTo(() => renameSync(partialPath, path));
  // A rename would replace a file that has appeared meanwhile.
  return tryTo(() => linkSync(partialPath, path)) && tryTo(() => unlinkSync(partialPath));
}
