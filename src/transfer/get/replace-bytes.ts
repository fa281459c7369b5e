import type { Stats } from 'node:fs';
import { constants, open, type FileHandle } from 'node:fs/promises';
import { BreakwaterError } from '../../errors.ts';
import { explainSystemError, readSystemCode } from '../../files/system-error.ts';

/** Bytes copied at a time. */
const COPY_BYTES = 1024 * 1024;

export interface HowToReplace {
  /** Modification time for the file, in ms; null for now. */
  readonly modifiedMs: number | null;
  /** Fsync the file. */
  readonly isSynced: boolean;
}

/**
 * Gives an existing file the bytes of another one, for a target that no other file can take the place of. Readers can see
 * it half written.
 * @throws BreakwaterError `local_io`; the file may then be incomplete
 */
export async function replaceBytes(
  { from, to }: { readonly from: string; readonly to: string },
  { modifiedMs, isSynced }: HowToReplace,
): Promise<void> {
  try {
    await using source = await open(from, constants.O_RDONLY);
    // A mounted pipe or device would wait, or do something else than keep bytes.
    await using target = await open(to, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    assertRegular(await target.stat(), to);
    await target.truncate();
    await copyBytes(source, target);
    if (modifiedMs !== null) await setTime(target, modifiedMs);
    if (isSynced) await target.sync();
  } catch (error) {
    if (error instanceof BreakwaterError) throw error;
    throw inPlaceError(to, explainSystemError(error) ?? 'unknown error', error);
  }
}

async function copyBytes(source: FileHandle, target: FileHandle): Promise<void> {
  const buffer = Buffer.allocUnsafe(COPY_BYTES);
  for (let at = 0; ;) {
    const { bytesRead } = await source.read(buffer, 0, buffer.byteLength, at);
    if (bytesRead === 0) return;
    for (let done = 0; done < bytesRead;) {
      done += (await target.write(buffer, done, bytesRead - done, at + done)).bytesWritten;
    }
    at += bytesRead;
  }
}

/** A file of another owner can be writable, but takes no time other than now. */
async function setTime(target: FileHandle, modifiedMs: number): Promise<void> {
  // As text, because Node takes a negative number, a time before 1970, for the current time.
  const seconds = String(modifiedMs / 1000);
  await target.utimes(seconds, seconds).catch((error: unknown) => {
    if (readSystemCode(error) !== 'EPERM') throw error;
  });
}

function assertRegular(found: Stats, path: string): void {
  if (!found.isFile()) throw inPlaceError(path, 'it is not a regular file', null);
}

function inPlaceError(path: string, why: string, cause: unknown): BreakwaterError {
  return new BreakwaterError('local_io', `cannot write ${path} in place, as a mount has to be: ${why}`, {
    cause,
    details: {
      hint: 'the file may be incomplete: check the free space and the permissions there, and run the command again',
    },
  });
}
