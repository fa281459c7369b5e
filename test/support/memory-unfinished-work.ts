import type { UnfinishedWork } from '../../src/unfinished-work.ts';

export interface MemoryUnfinishedWork extends UnfinishedWork {
  readonly documents: Map<string, unknown>;
  /** Ids that are claimed by another living process. */
  readonly taken: Set<string>;
}

/** Unfinished work in memory; documents pass through JSON as in the real store. */
export function createMemoryUnfinishedWork(): MemoryUnfinishedWork {
  const documents = new Map<string, unknown>();
  const taken = new Set<string>();
  return {
    documents,
    taken,
    read: async (id) => await Promise.resolve(documents.get(id)),
    list: async () => await Promise.resolve([...documents].map(([id, document]) => ({ id, savedAtMs: 0, document }))),
    save: async (id, document) => {
      documents.set(id, JSON.parse(JSON.stringify(document)));
      await Promise.resolve();
    },
    remove: async (id) => {
      documents.delete(id);
      await Promise.resolve();
    },
    claim: async (id) => {
      if (taken.has(id)) return await Promise.resolve(null);
      taken.add(id);
      return {
        isOurs: () => taken.has(id),
        [Symbol.asyncDispose]: async () => {
          taken.delete(id);
          await Promise.resolve();
        },
      };
    },
  };
}
