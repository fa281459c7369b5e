import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute } from 'node:path';
import { pid } from 'node:process';

/** The most links to follow, as Linux does (path_resolution(7)). */
const LINKS_MAX = 40;

/** The open files of a process or of one of its threads (proc_pid_fd(5)), by the real path of their directory. */
const DESCRIPTORS = /^\/proc\/(\d+)(?:\/task\/\d+)?\/fd$/;

/** The open files of this process on macOS and the BSDs. */
const OWN_DESCRIPTORS = '/dev/fd';

/** A name that the system gives to a device or to an open file, such as `/dev/stdout`. */
export interface SystemPlace {
  /** The number of the open file of this process; null for anything else. */
  readonly descriptor: number | null;
}

/**
 * Where a path leads if that is a name of the system, directly or through links: directly in `/dev`, or in `/proc`. Such a
 * name must not be replaced by a file, even where `stat` finds a regular file behind it: `/dev/stdout > out` is one. Null for
 * every other path, such as one in `/dev/shm`.
 */
export function findSystemPlace(path: string): SystemPlace | null {
  let at = path;
  let isFound = false;
  for (let links = 0; links <= LINKS_MAX; links += 1) {
    const directory = orNull(() => realpathSync.native(dirname(at)));
    if (directory === null) break;
    const owner = DESCRIPTORS.exec(directory)?.[1];
    if (owner !== undefined || directory === OWN_DESCRIPTORS) {
      const isOurs = owner === undefined || owner === String(pid);
      return { descriptor: isOurs ? readNumber(basename(at)) : null };
    }
    isFound ||= isSystemDirectory(directory);
    const name = basename(at);
    const next = orNull(() => readlinkSync(`${directory}/${name}`));
    if (next === null) break;
    at = isAbsolute(next) ? next : `${directory}/${next}`;
  }
  return isFound ? { descriptor: null } : null;
}

/** Whether the names in a directory are the system's. @param real its path without links */
export function isSystemDirectory(real: string): boolean {
  return real === '/dev' || real === OWN_DESCRIPTORS || real === '/proc' || real.startsWith('/proc/');
}

function readNumber(name: string): number | null {
  return /^\d+$/.test(name) ? Number(name) : null;
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
