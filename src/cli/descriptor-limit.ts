import { readdirSync } from 'node:fs';
import { readProcessLimit } from '../process-limits.ts';

/** Left free for the state, certificates, directories and whatever libraries open, in descriptors. */
const RESERVED = 8;

/** One request needs a socket and the file that it sends or receives. */
const PER_REQUEST = 2;

interface DescriptorFacts {
  /** Null for no limit, or an unknown one. */
  readonly limit: number | null;
  readonly open: number;
}

/**
 * How many requests may run at once without running out of file descriptors (`ulimit -n`); at least 1, infinite if the
 * limit is unknown, as it is outside Linux.
 */
export function findRequestsMax(read: () => DescriptorFacts = readDescriptors): number {
  const { limit, open } = read();
  if (limit === null) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor((limit - open - RESERVED) / PER_REQUEST));
}

/** SQLite's database, log and index, and room for the requests and modules that come later. */
const STATE_MIN = 12;

/** Whether the state can be kept open in its file without leaving too few descriptors for the work. */
export function hasRoomForState(read: () => DescriptorFacts = readDescriptors): boolean {
  const { limit, open } = read();
  return limit === null || limit - open >= STATE_MIN;
}

function readDescriptors(): DescriptorFacts {
  try {
    return { limit: readProcessLimit('Max open files'), open: readdirSync('/proc/self/fd').length };
  } catch {
    return { limit: null, open: 0 };
  }
}
