import type { DeleteFailure } from '../../src/client/batch-delete.ts';
import type { ListedObject, ListedPage, ListRequest } from '../../src/client/listing.ts';
import type { LookUpRequest } from '../../src/client/look-up.ts';
import type { ObjectStore } from '../../src/client/object-store.ts';
import type { UnfinishedUpload, UploadPage } from '../../src/client/unfinished-uploads.ts';
import type { VersionPage } from '../../src/client/version-listing.ts';

/** A page of a listing; whether it is the last one is seen by its place. */
export type FakePage = Omit<ListedPage, 'isLast'>;

export interface FakeStoreOptions {
  readonly pages: readonly FakePage[];
  /** How a delete of one key ends: null for gone, or why it stays. */
  readonly refuses?: (key: string) => { code: string; message: string } | null;
  /** Thrown instead of an answer to the batch of that number (1 is the first). */
  readonly failBatch?: (batch: number) => Error | null;
  readonly versionPages?: readonly Omit<VersionPage, 'isLast'>[];
  /** What a look-up finds. */
  readonly stored?: readonly ListedObject[];
  /** The clock of the store when it looks up or lists uploads. */
  readonly storeNowMs?: number | null;
  readonly uploadPages?: readonly (readonly UnfinishedUpload[])[];
  /** Thrown instead of the abort of this upload; null for gone. */
  readonly failAbort?: (uploadId: string) => Error | null;
}

/** A store in memory for sweeps: it lists what it was given, and remembers what it was asked to delete. */
export class FakeObjectStore implements ObjectStore {
  readonly #options: FakeStoreOptions;
  readonly listed: ListRequest[] = [];
  readonly batches: (readonly string[])[] = [];
  readonly lookedUp: (readonly string[])[] = [];
  readonly aborted: string[] = [];
  pagesTaken = 0;

  constructor(options: FakeStoreOptions) {
    this.#options = options;
  }

  async *list(request: ListRequest): AsyncGenerator<ListedPage> {
    this.listed.push(request);
    const { startAfter = null } = request;
    for (const [index, page] of this.#options.pages.entries()) {
      this.pagesTaken += 1;
      const objects = page.objects.filter(({ key }) => startAfter === null || key > startAfter);
      yield await Promise.resolve({ ...page, objects, isLast: index === this.#options.pages.length - 1 });
    }
  }

  async *listVersions(request: ListRequest): AsyncGenerator<VersionPage> {
    this.listed.push(request);
    const { versionPages = [] } = this.#options;
    for (const [index, page] of versionPages.entries()) {
      yield await Promise.resolve({ ...page, isLast: index === versionPages.length - 1 });
    }
  }

  async lookUp({ keys }: LookUpRequest): Promise<Omit<ListedPage, 'isLast'>> {
    this.lookedUp.push(keys);
    const { stored = [], storeNowMs = null } = this.#options;
    return await Promise.resolve({ objects: stored.filter(({ key }) => keys.includes(key)), storeNowMs });
  }

  async *listUploads(request: ListRequest): AsyncGenerator<UploadPage> {
    this.listed.push(request);
    const { uploadPages = [], storeNowMs = null } = this.#options;
    for (const uploads of uploadPages) yield await Promise.resolve({ uploads, storeNowMs });
  }

  async abortUpload({ uploadId }: { uploadId: string }): Promise<void> {
    const error = this.#options.failAbort?.(uploadId) ?? null;
    if (error !== null) throw error;
    this.aborted.push(uploadId);
    await Promise.resolve();
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

  async upload(): Promise<never> {
    return await Promise.reject(new Error('a sweep uploads nothing'));
  }

  async download(): Promise<never> {
    return await Promise.reject(new Error('a sweep downloads nothing'));
  }

  close(): void {}
}

/** An object of a listing, last modified `ageMs` before `nowMs`. */
export function listedObject(key: string, { ageMs, nowMs = 0 }: { ageMs: number; nowMs?: number }): ListedObject {
  return { key, sizeBytes: 10, lastModifiedMs: nowMs - ageMs, etag: null };
}
