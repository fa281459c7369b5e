import type { UnfinishedWork } from '../../src/unfinished-work.ts';

export interface MemoryUnfinishedWork extends UnfinishedWork {
  readonly documents: Map<string, unknown>;
  /** Ids that are claimed by another living process. */
  readonly taken: Set<string>;
  /** Ids whose claim this process has lost to another one. */
  readonly lost: Set<string>;
  /** Loses a claim, as `lost` says, and tells its holder. */
  readonly lose: (id: string) => void;
}

/**
 * Unfinished work in memory; documents pass through JSON as in the real store.
 * @param isDurable false: as where the state file cannot be used
 */
export function createMemoryUnfinishedWork({ isDurable = true } = {}): MemoryUnfinishedWork {
  const documents = new Map<string, unknown>();
  const taken = new Set<string>();
  const lost = new Set<string>();
  const losses = new Map<string, AbortController>();
  return {
    documents,
    taken,
    lost,
    lose: (id) => {
      lost.add(id);
      losses.get(id)?.abort();
    },
    read: async (id) => await Promise.resolve(documents.get(id)),
    list: async (idPrefix = '') =>
      await Promise.resolve(
        [...documents]
          .filter(([id]) => id.startsWith(idPrefix))
          .map(([id, document]) => ({ id, savedAtMs: 0, document })),
      ),
    save: async (id, document) => {
      documents.set(id, JSON.parse(JSON.stringify(document)));
      return await Promise.resolve(isDurable);
    },
    remove: async (id) => {
      documents.delete(id);
      await Promise.resolve();
    },
    isClaimed: async (id) => await Promise.resolve(taken.has(id)),
    claim: async (id) => {
      if (taken.has(id)) return await Promise.resolve(null);
      taken.add(id);
      const isOurs = (): boolean => taken.has(id) && !lost.has(id);
      const loss = new AbortController();
      losses.set(id, loss);
      return {
        isOurs,
        lost: loss.signal,
        confirm: isOurs,
        [Symbol.asyncDispose]: async () => {
          if (!lost.has(id)) taken.delete(id);
          await Promise.resolve();
        },
      };
    },
  };
}
