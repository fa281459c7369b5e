import type { EventLoopUtilization } from 'node:perf_hooks';

/** The time that is looked at, in ms: in less, one event tells of itself alone. */
const WINDOW_MS = 50;

/** A program that works more of its time than this gains nothing by more to do at once: it only keeps more in memory. */
const UTILIZATION_MAX = 0.9;

type ReadUtilization = (since?: EventLoopUtilization) => EventLoopUtilization;

const readUtilization: ReadUtilization = (since) => performance.eventLoopUtilization(since);

/**
 * Tells whether the program waits more than it has to, so that more requests at once would help: by the utilization of Node's
 * event loop over the last 50 ms or more. Not before that much has passed.
 */
export function watchHeadroom(read = readUtilization): () => boolean {
  let last = read();
  let hasRoom = false;
  return () => {
    const { active, idle, utilization } = read(last);
    if (active + idle >= WINDOW_MS) {
      last = read();
      hasRoom = utilization <= UTILIZATION_MAX;
    }
    return hasRoom;
  };
}
