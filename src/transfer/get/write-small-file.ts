import { closeSync, futimesSync, linkSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { toTime } from '../open-file.ts';

export interface SmallFile {
  readonly path: string;
  /** Beside it, and of a name that no other file has. */
  readonly partialPath: string;
  readonly content: Uint8Array;
  /** Modification time, in ms; null for now. */
  readonly modifiedMs: number | null;
  /** Keep a file that exists. */
  readonly isNoClobber: boolean;
}

/**
 * Writes a temporary file and gives it its name, in one turn of the event loop: nothing else of this program comes
 * between, and the calls only copy to the page cache.
 * @returns false if any of it failed, with nothing left behind: `FileSink` knows what can be done about it, or says why
 * nothing can
 */
export function writeSmallFile({ path, partialPath, content, modifiedMs, isNoClobber }: SmallFile): boolean {
  let fd: number;
  try {
    fd = openSync(partialPath, 'wx', 0o666);
  } catch {
    return false;
  }
  if (writeAndClose(fd, content, modifiedMs) && takeName(partialPath, path, isNoClobber)) return true;
  tryTo(() => unlinkSync(partialPath));
  return false;
}

function writeAndClose(fd: number, content: Uint8Array, modifiedMs: number | null): boolean {
  const isWritten = tryTo(() => {
    // A full disk may take a part of it.
    if (writeSync(fd, content, 0, content.byteLength, 0) < content.byteLength) throw new Error('cut');
    if (modifiedMs !== null) futimesSync(fd, toTime(modifiedMs / 1000), toTime(modifiedMs / 1000));
  });
  return tryTo(() => closeSync(fd)) && isWritten;
}

function takeName(partialPath: string, path: string, isNoClobber: boolean): boolean {
  if (!isNoClobber) return tryTo(() => renameSync(partialPath, path));
  // A rename would replace a file that has appeared meanwhile.
  return tryTo(() => linkSync(partialPath, path)) && tryTo(() => unlinkSync(partialPath));
}

function tryTo(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
