import type { Event } from '../../src/events.ts';
import { NO_LIMITS } from '../../src/sweep/sweep-limits.ts';
import type { KeySpan } from '../../src/sweep/sweep-item.ts';
import type { SweepContext } from '../../src/sweep/sweep.ts';
import type { LeftObject } from '../../src/sweep/tally.ts';
import { FakeObjectStore, type FakeStoreOptions } from './fake-object-store.ts';

export const REQUEST = { bucket: 'b', prefix: 'logs/', limits: NO_LIMITS };

/** What a sweep needs around it, with a store in memory, and what is seen of it. */
export function prepare(options: FakeStoreOptions = {}, parts: Partial<SweepContext> = {}) {
  const store = new FakeObjectStore(options);
  const events: Event[] = [];
  const left: LeftObject[] = [];
  const settled: KeySpan[] = [];
  const stop = new AbortController();
  const context: SweepContext = {
    store,
    emit: (event) => events.push(event),
    signal: stop.signal,
    onLeft: async (each) => {
      left.push(...each);
      await Promise.resolve();
    },
    onSettled: (span) => settled.push(span),
    isOurs: () => true,
    ...parts,
  };
  return { store, events, left, settled, stop, context };
}
