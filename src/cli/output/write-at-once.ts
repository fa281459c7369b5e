import { closeSync, constants, fstatSync, openSync, statSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** A pipe takes this much as a whole or not at all, in bytes (PIPE_BUF of Linux, pipe(7)). */
const WHOLE_BYTES_MAX = 4096;

/**
 * Writes to a standard stream without Node's stream for it, which takes 2 to 4 ms to load. Never waits for a reader.
 * @returns false if nothing was written, because only the stream can do it: to a terminal, a socket or a full pipe
 * @throws the system's error
 */
export function writeAtOnce(descriptor: number, text: string): boolean {
  const bytes = Buffer.from(text);
  const found = fstatSync(descriptor);
  if (found.isFile()) return writeAll(descriptor, bytes);
  if (!found.isFIFO() || bytes.byteLength > WHOLE_BYTES_MAX) return false;
  const pipe = openPipe(descriptor);
  if (pipe === null) return false;
  try {
    writeSync(pipe, bytes);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false;
    throw error;
  } finally {
    closeSync(pipe);
  }
}

/** As Node's own stream for files does it. */
function writeAll(descriptor: number, bytes: Buffer): true {
  for (let written = 0; written < bytes.byteLength;) written += writeSync(descriptor, bytes, written);
  return true;
}

/** The same pipe, opened so that a full one is an error and not a wait; null where that cannot be done. */
function openPipe(descriptor: number): number | null {
  try {
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
}

/**
 * What `isTTY` of the stream would say, without Node's module for terminals where the descriptor is no device. On Windows
 * only that module knows, and `/dev/null` does not exist.
 */
export function isTerminal(descriptor: number, platform = process.platform): boolean {
  try {
    if (platform === 'win32') return isatty(descriptor);
    const found = fstatSync(descriptor);
    return found.isCharacterDevice() && found.rdev !== statSync('/dev/null').rdev && isatty(descriptor);
  } catch {
    return false;
  }
}
