import type { DeleteFailure } from '../../src/client/batch-delete.ts';
import type { ListedObject, ListedPage, ListRequest } from '../../src/client/listing.ts';
import type { ObjectStore } from '../../src/client/object-store.ts';

export interface FakeStoreOptions {
  readonly pages: readonly ListedPage[];
  /** How a delete of one key ends: null for gone, or why it stays. */
  readonly refuses?: (key: string) => { code: string; message: string } | null;
  /** Thrown instead of an answer to the batch of that number (1 is the first). */
  readonly failBatch?: (batch: number) => Error | null;
}

/** A store in memory for sweeps: it lists what it was given, and remembers what it was asked to delete. */
export class FakeObjectStore implements ObjectStore {
  readonly #options: FakeStoreOptions;
  readonly listed: ListRequest[] = [];
  readonly batches: (readonly string[])[] = [];
  pagesTaken = 0;

  constructor(options: FakeStoreOptions) {
    this.#options = options;
  }

  async *list(request: ListRequest): AsyncGenerator<ListedPage> {
    this.listed.push(request);
    for (const page of this.#options.pages) {
      this.pagesTaken += 1;
      yield await Promise.resolve(page);
    }
  }

  async deleteBatch({ keys }: { keys: readonly string[] }): Promise<readonly DeleteFailure[]> {
    this.batches.push(keys);
    const error = this.#options.failBatch?.(this.batches.length) ?? null;
    if (error !== null) throw error;
    const stayed = keys.flatMap((key) => {
      const why = this.#options.refuses?.(key) ?? null;
      return why === null ? [] : [{ key, ...why }];
    });
    return await Promise.resolve(stayed);
  }

  async uploadFile(): Promise<never> {
    return await Promise.reject(new Error('a sweep uploads nothing'));
  }

  async uploadStream(): Promise<never> {
    return await Promise.reject(new Error('a sweep uploads nothing'));
  }

  async download(): Promise<never> {
    return await Promise.reject(new Error('a sweep downloads nothing'));
  }

  async look(): Promise<never> {
    return await Promise.reject(new Error('a sweep looks at nothing but listings'));
  }

  close(): void {}
}

/** An object of a listing, last modified `ageMs` before `nowMs`. */
export function listedObject(key: string, { ageMs, nowMs = 0 }: { ageMs: number; nowMs?: number }): ListedObject {
  return { key, sizeBytes: 10, lastModifiedMs: nowMs - ageMs, etag: null };
}
