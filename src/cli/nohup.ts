import { fstatSync, readlinkSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { isNohupFile } from '../systems/macos-nohup.ts';

/**
 * Whether `nohup` started this process, so that a hang-up must not end it. Node resets an ignored SIGHUP before our code
 * runs, and the former state cannot be read back. What is left is how nohup replaces what was a terminal: standard input
 * by `/dev/null` opened for writing (GNU), standard output by a file `nohup.out` (POSIX). macOS replaces only the
 * latter, so with an output of its own a process does not know there that `nohup` started it.
 */
export function isStartedByNohup(platform = process.platform): boolean {
  return isUnreadableNull(0) || (platform === 'darwin' ? isNohupFile(1) : isFileNamed(1, 'nohup.out'));
}

function isUnreadableNull(descriptor: number): boolean {
  try {
    if (fstatSync(descriptor).rdev !== statSync('/dev/null').rdev) return false;
  } catch {
    // A closed descriptor also reports EBADF.
    return false;
  }
  try {
    // `/dev/null` never blocks, and ends at once where it may be read.
    readSync(descriptor, Buffer.alloc(1));
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EBADF';
  }
}

function isFileNamed(descriptor: number, name: string): boolean {
  try {
    return basename(readlinkSync(`/proc/self/fd/${descriptor}`)) === name;
  } catch {
    return false;
  }
}
