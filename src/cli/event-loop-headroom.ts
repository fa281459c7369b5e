import type { EventLoopUtilization } from 'node:perf_hooks';

/** Length of one measurement, in ms. A shorter one would measure a single event. */
const WINDOW_MS = 50;

/** Above this, more parallel requests only use more memory. */
const UTILIZATION_MAX = 0.9;

type ReadUtilization = (since?: EventLoopUtilization) => EventLoopUtilization;

const readUtilization: ReadUtilization = (since) => performance.eventLoopUtilization(since);

/**
 * Whether more parallel requests would help, because Node's event loop was idle enough over the last 50 ms or more.
 * False until the first measurement is complete.
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
