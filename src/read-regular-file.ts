import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

/** A descriptor that the shell has opened for us, as for `<(command)`: it has a writer. */
const OPENED_BY_THE_SHELL = /^\/(?:dev\/stdin|(?:dev|proc\/self)\/fd\/\d+)$/;

/** What is at the path is not a file with contents of its own: a named pipe, a socket, a directory, a device. */
export class NotRegularFile extends Error {
  override readonly name = 'NotRegularFile';

  constructor(path: string) {
    super(`cannot read ${path}: it is not a regular file`);
  }
}

/**
 * Reads a small text file at once. A named pipe without a writer is refused instead of waited for; an empty device such
 * as /dev/null is an empty file.
 * @throws NotRegularFile; what the system throws
 */
export function readRegularFile(path: string): string {
  if (OPENED_BY_THE_SHELL.test(path)) return readFileSync(path, 'utf8');
  // Without O_NONBLOCK, opening a named pipe waits for a writer.
  const fd = openWithoutWaiting(path);
  try {
    const found = fstatSync(fd);
    if (found.isFile()) return readFileSync(fd, 'utf8');
    if (found.isCharacterDevice() && isEmpty(fd)) return '';
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
