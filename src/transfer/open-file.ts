import * as fs from 'node:fs';
import { open, rename as renameLater, type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Files up to this size are read and written at once: so little is a copy to or from the system's memory. */
const AT_ONCE_BYTES_MAX = 256 * 1024;

const sync = promisify(fs.fsync);

type Awaitable<T> = T | Promise<T>;

/** A file that is written, and read back. What its methods throw is Node's own. */
export interface WritableFile {
  /** @returns how many bytes were taken */
  readonly write: (chunks: readonly Uint8Array[], at: number) => Awaitable<number>;
  /** @returns how many bytes were there */
  readonly read: (buffer: Uint8Array, at: number) => Awaitable<number>;
  readonly truncate: () => Awaitable<void>;
  /** The time of last modification, in seconds. */
  readonly setTime: (seconds: number) => Awaitable<void>;
  /** Resolves when it is on the disk. */
  readonly sync: () => Promise<void>;
  readonly stat: () => Awaitable<fs.BigIntStats>;
  /** Not before what is under way has ended: the system gives its number to the next file. */
  readonly close: () => Awaitable<void>;
  /** A new name for it, in place of a file that has that name. */
  readonly rename: (from: string, to: string) => Awaitable<void>;
}

/**
 * Opens a file for what will have that size; null where nobody knows.
 *
 * Small files are written at once. A call through Node's threads is a way to another thread and back, which takes several
 * times as long as the call itself (50 against 5 us); but while a call at once runs nothing else does, so it is for small
 * files alone, and never for what waits for a disk to be done (`fsync`).
 */
export function openWritable(
  path: string,
  { flags, sizeBytes }: { flags: 'wx+' | 'r+'; sizeBytes: number | null },
): Awaitable<WritableFile> {
  return isSmall(sizeBytes) ? openAtOnce(path, flags) : open(path, flags).then(waitForCalls);
}

/** Fills a buffer, or the start of it, from an open file: at once where the file is small. */
export function readFile(
  fd: number,
  { buffer, at, sizeBytes }: { buffer: Uint8Array; at: number; sizeBytes: number },
): Awaitable<number> {
  if (isSmall(sizeBytes)) return fs.readSync(fd, buffer, 0, buffer.byteLength, at);
  return new Promise((resolve, reject) => {
    fs.read(fd, buffer, 0, buffer.byteLength, at, (error, bytesRead) => {
      if (error === null) resolve(bytesRead);
      else reject(error);
    });
  });
}

function isSmall(sizeBytes: number | null): boolean {
  return sizeBytes !== null && sizeBytes <= AT_ONCE_BYTES_MAX;
}

function openAtOnce(path: string, flags: string): WritableFile {
  const fd = fs.openSync(path, flags);
  return {
    write: (chunks, at) => fs.writevSync(fd, chunks, at),
    read: (buffer, at) => fs.readSync(fd, buffer, 0, buffer.byteLength, at),
    truncate: () => fs.ftruncateSync(fd),
    setTime: (seconds) => fs.futimesSync(fd, toTime(seconds), toTime(seconds)),
    sync: async () => await sync(fd),
    stat: () => fs.fstatSync(fd, { bigint: true }),
    close: () => fs.closeSync(fd),
    rename: (from, to) => fs.renameSync(from, to),
  };
}

/** As text: Node takes a number below 0, a time before 1970, for the current time. */
function toTime(seconds: number): string {
  return String(seconds);
}

function waitForCalls(file: FileHandle): WritableFile {
  return {
    write: async (chunks, at) => (await file.writev(chunks, at)).bytesWritten,
    read: async (buffer, at) => (await file.read(buffer, 0, buffer.byteLength, at)).bytesRead,
    truncate: async () => await file.truncate(),
    setTime: async (seconds) => await file.utimes(toTime(seconds), toTime(seconds)),
    sync: async () => await file.sync(),
    stat: async () => await file.stat({ bigint: true }),
    close: async () => await file.close(),
    rename: renameLater,
  };
}
