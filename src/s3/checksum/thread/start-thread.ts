import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { readProcessLimit } from '../../../process-limits.ts';

/** Far more than a thread needs; a fault there must not fill the memory. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 32 } as const;

/**
 * How many threads may digest beside this one: one fewer than there are cores, at most 3, each of which takes some
 * 15 MB. None where the address space is limited (`ulimit -v`): Node ends the process if a thread finds no room.
 */
export function countThreads(): number {
  return readProcessLimit('Max address space') !== null ? 0 : Math.min(3, availableParallelism() - 1);
}

/** Starts a thread with `digest-thread.ts`. @throws where the system allows no further thread */
export async function startThread(): Promise<Worker> {
  const { THREAD_SOURCE } = await import('./thread-source.ts');
  return new Worker(THREAD_SOURCE, {
    name: 'digest',
    eval: typeof THREAD_SOURCE === 'string',
    // Without NODE_OPTIONS and the flags of this process, such as modules to load first.
    env: {},
    execArgv: [],
    resourceLimits: RESOURCE_LIMITS,
  });
}
