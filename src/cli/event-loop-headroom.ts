import type { EventLoopUtilization } from 'node:perf_hooks';

/** The length of one measurement, in ms; a shorter one would measure a single event. */
const WINDOW_MS = 50;

/** Above this, more requests at once only take more memory. */
const UTILIZATION_MAX = 0.9;

type ReadUtilization = (since?: EventLoopUtilization) => EventLoopUtilization;

const readUtilization: ReadUtilization = (since) => performance.eventLoopUtilization(since);

/**
 * Reports whether more requests at once would help, because Node's event loop was idle enough over the last 50 ms or
 * more. False until then.
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
