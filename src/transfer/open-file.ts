import * as fs from 'node:fs';
import { lstat, open, rename as renameLater, type FileHandle } from 'node:fs/promises';

/** Files up to this size are read and written synchronously, because that only copies to or from the page cache. */
export const SMALL_BYTES_MAX = 256 * 1024;

type Awaitable<T> = T | Promise<T>;

/** A file that is written and read back. Its methods throw Node's own errors. */
export interface WritableFile {
  readonly descriptor: number;
  /** @returns how many bytes were written */
  readonly write: (chunks: readonly Uint8Array[], at: number) => Awaitable<number>;
  /** @returns how many bytes were read */
  readonly read: (buffer: Uint8Array, at: number) => Awaitable<number>;
  readonly truncate: () => Awaitable<void>;
  /** Sets the modification time, in seconds. */
  readonly setTime: (seconds: number) => Awaitable<void>;
  /** Resolves when the bytes are on the disk. */
  readonly sync: () => Promise<void>;
  readonly stat: () => Awaitable<fs.BigIntStats>;
  /** What is at a path now, without following a link; null for nothing. */
  readonly statAt: (path: string) => Awaitable<fs.BigIntStats | null>;
  /** Call only after all other calls have ended, because the system reuses the descriptor for the next file. */
  readonly close: () => Awaitable<void>;
  /** Replaces a file with the new name. */
  readonly rename: (from: string, to: string) => Awaitable<void>;
}

/**
 * Opens a file that will have this size; null if unknown.
 *
 * Small files are written synchronously, because a call through Node's thread pool takes about ten times as long (50
 * against 5 us). As this blocks everything else, it is never used for large files, or to wait for the disk (`fsync`).
 */
export function openWritable(
  path: string,
  { flags, sizeBytes, isPrivate = false }: HowToOpen,
): Awaitable<WritableFile> {
  const mode = isPrivate ? 0o600 : 0o666;
  return isSmall(sizeBytes) ? openSync(path, { flags, mode }) : open(path, flags, mode).then(openAsync);
}

interface HowToOpen {
  readonly flags: 'wx+' | 'r+';
  readonly sizeBytes: number | null;
  /** No other user may read a file that is created. @default as the umask says */
  readonly isPrivate?: boolean;
}

/** Reads into a buffer, which it may fill only partly; synchronously if the file is small. */
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

/** Whether a file is read and written synchronously; one of unknown size is not. */
export function isSmall(sizeBytes: number | null): boolean {
  return sizeBytes !== null && sizeBytes <= SMALL_BYTES_MAX;
}

function openSync(path: string, { flags, mode }: { readonly flags: string; readonly mode: number }): WritableFile {
  const fd = fs.openSync(path, flags, mode);
  return {
    descriptor: fd,
    write: (chunks, at) => fs.writevSync(fd, chunks, at),
    read: (buffer, at) => fs.readSync(fd, buffer, 0, buffer.byteLength, at),
    truncate: () => fs.ftruncateSync(fd),
    setTime: (seconds) => fs.futimesSync(fd, toTime(seconds), toTime(seconds)),
    sync: () => syncSoon(fd),
    stat: () => fs.fstatSync(fd, { bigint: true }),
    statAt: (at) => fs.lstatSync(at, { bigint: true, throwIfNoEntry: false }) ?? null,
    close: () => fs.closeSync(fd),
    rename: (from, to) => fs.renameSync(from, to),
  };
}

function syncSoon(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fsync(fd, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** As text, because Node takes a negative number, a time before 1970, for the current time. */
export function toTime(seconds: number): string {
  return String(seconds);
}

function openAsync(file: FileHandle): WritableFile {
  return {
    descriptor: file.fd,
    write: async (chunks, at) => (await file.writev(chunks, at)).bytesWritten,
    read: async (buffer, at) => (await file.read(buffer, 0, buffer.byteLength, at)).bytesRead,
    truncate: async () => await file.truncate(),
    setTime: async (seconds) => await file.utimes(toTime(seconds), toTime(seconds)),
    sync: async () => await file.sync(),
    stat: async () => await file.stat({ bigint: true }),
    statAt: async (path) => await lstat(path, { bigint: true }).catch(() => null),
    close: async () => await file.close(),
    rename: renameLater,
  };
}
