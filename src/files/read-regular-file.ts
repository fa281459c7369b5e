import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

/** A descriptor that the shell opened, as for `<(command)`. It has a writer. */
const OPENED_BY_THE_SHELL = /^\/(?:dev\/stdin|(?:dev|proc\/self)\/fd\/\d+)$/;

/** The path is a named pipe, a socket, a directory or a device. */
export class NotRegularFile extends Error {
  override readonly name = 'NotRegularFile';

  constructor(path: string) {
    super(`cannot read ${path}: it is not a regular file`);
  }
}

/**
 * Reads a small text file. Rejects a named pipe instead of waiting for its writer. An empty device such as /dev/null
 * counts as an empty file.
 * @throws NotRegularFile, or the system's error
 */
export function readRegularFile(path: string): string {
  return readRegularBytes(path).toString('utf8');
}

/** The same for a file that is not text. @throws as `readRegularFile` */
export function readRegularBytes(path: string): Buffer {
  if (OPENED_BY_THE_SHELL.test(path)) return readFileSync(path);
  // Without O_NONBLOCK, opening a named pipe waits for a writer.
  const fd = openWithoutWaiting(path);
  try {
    const found = fstatSync(fd);
    if (found.isFile()) return readFileSync(fd);
    if (found.isCharacterDevice() && isEmpty(fd)) return Buffer.alloc(0);
    throw new NotRegularFile(path);
  } finally {
    closeSync(fd);
  }
}

function openWithoutWaiting(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    // A socket cannot be opened at all.
    const isSocket = error instanceof Error && 'code' in error && error.code === 'ENXIO';
    throw isSocket ? new NotRegularFile(path) : error;
  }
}

function isEmpty(fd: number): boolean {
  try {
    return readSync(fd, new Uint8Array(1)) === 0;
  } catch {
    // A terminal without input.
    return false;
  }
}
