import type { BatchDeleteRequest } from '../../src/s3/delete/delete-batch.ts';
import type { BatchOutcome } from '../../src/s3/delete/batch-outcome.ts';
import type { DeleteTarget } from '../../src/s3/delete/delete-target.ts';
import type { ListedObject, ListedPage } from '../../src/s3/list/list-objects.ts';
import type { ListRequest } from '../../src/s3/list/read-pages.ts';
import type { StatedKeys, StatKeysRequest } from '../../src/s3/list/stat-keys.ts';
import type { ObjectStore } from '../../src/s3/object-store.ts';
import type { UnfinishedUpload, UploadPage } from '../../src/s3/list/list-uploads.ts';
import type { VersionPage } from '../../src/s3/list/list-versions.ts';
import { BreakwaterError } from '../../src/errors.ts';

/** A page of a listing; whether it is the last one is seen by its place. */
export type FakePage = Omit<ListedPage, 'isLast'>;

export interface FakeStoreOptions {
  readonly pages?: readonly FakePage[];
  /** How a delete of one key ends: null for gone, or why it stays. */
  readonly refuses?: (key: string) => { code: string; message: string } | null;
  /** Keys that were overwritten since they were listed. */
  readonly overwritten?: readonly string[];
  /** How the batch of that number (1 is the first) ends as a whole; null for keys with answers of their own. */
  readonly failBatch?: (batch: number) => Error | null;
  readonly versionPages?: readonly Omit<VersionPage, 'isLast'>[];
  /** What a look-up finds. */
  readonly stored?: readonly ListedObject[];
  /** Why a look-up of this key fails; null if it does not. */
  readonly unreadable?: (key: string) => BreakwaterError | null;
  /** The clock of the store when it looks up or lists uploads. */
  readonly storeNowMs?: number | null;
  readonly uploadPages?: readonly (readonly UnfinishedUpload[])[];
  /** Thrown instead of the abort of this upload; null for gone. */
  readonly failAbort?: (uploadId: string) => Error | null;
  /** Uploads that the store does not find when they are aborted. */
  readonly missingUploads?: readonly string[];
  /** What every listing of uploads after the first one shows. @default the same */
  readonly relistedUploads?: () => readonly (readonly UnfinishedUpload[])[];
  /** Waited for before a batch is answered. */
  readonly beforeResponse?: (batch: number) => Promise<void>;
}

/** A store in memory for sweeps: it lists what it was given, and remembers what it was asked to delete. */
export class FakeObjectStore implements ObjectStore {
  readonly #options: FakeStoreOptions;
  readonly listed: ListRequest[] = [];
  readonly batches: (readonly string[])[] = [];
  readonly lookedUp: (readonly string[])[] = [];
  readonly aborted: string[] = [];
  #uploadListings = 0;
  pagesTaken = 0;
  /** Batches that are not answered yet, and the most that were at once. */
  open = 0;
  openMax = 0;

  constructor(options: FakeStoreOptions = {}) {
    this.#options = options;
  }

  async *list(request: ListRequest): AsyncGenerator<ListedPage> {
    this.listed.push(request);
    const { startAfter = null } = request;
    const { pages = [] } = this.#options;
    for (const [index, page] of pages.entries()) {
      this.pagesTaken += 1;
      const objects = page.objects.filter(({ key }) => startAfter === null || key > startAfter);
      yield await Promise.resolve({ ...page, objects, isLast: index === pages.length - 1 });
    }
  }

  async *listVersions(request: ListRequest): AsyncGenerator<VersionPage> {
    this.listed.push(request);
    const { versionPages = [] } = this.#options;
    for (const [index, page] of versionPages.entries()) {
      yield await Promise.resolve({ ...page, isLast: index === versionPages.length - 1 });
    }
  }

  async statKeys({ keys }: StatKeysRequest): Promise<StatedKeys> {
    this.lookedUp.push(keys);
    const { stored = [], storeNowMs = null, unreadable = () => null } = this.#options;
    const objects = stored.filter(({ key }) => keys.includes(key) && unreadable(key) === null);
    const failed = keys.flatMap((key) => {
      const error = unreadable(key);
      return error === null ? [] : [{ key, error }];
    });
    return await Promise.resolve({ objects, storeNowMs, unreadable: failed });
  }

  async *listUploads(request: ListRequest): AsyncGenerator<UploadPage> {
    this.listed.push(request);
    const { uploadPages = [], relistedUploads, storeNowMs = null } = this.#options;
    this.#uploadListings += 1;
    const pages = this.#uploadListings > 1 && relistedUploads !== undefined ? relistedUploads() : uploadPages;
    for (const uploads of pages) yield await Promise.resolve({ uploads, storeNowMs });
  }

  async abortUpload({ uploadId }: { uploadId: string }): Promise<'aborted' | 'missing'> {
    const { failAbort, missingUploads = [] } = this.#options;
    const error = failAbort?.(uploadId) ?? null;
    if (error !== null) throw error;
    if (missingUploads.includes(uploadId)) return 'missing';
    this.aborted.push(uploadId);
    return await Promise.resolve('aborted');
  }

  async deleteBatch<T extends DeleteTarget>({ items }: BatchDeleteRequest<T>): Promise<BatchOutcome<T>> {
    const { refuses, overwritten = [], failBatch, beforeResponse } = this.#options;
    this.batches.push(items.map(({ key }) => key));
    const number = this.batches.length;
    this.open += 1;
    this.openMax = Math.max(this.openMax, this.open);
    await beforeResponse?.(number);
    this.open -= 1;
    const error = failBatch?.(number) ?? null;
    if (error !== null) {
      if (!(error instanceof BreakwaterError)) throw error;
      const code = error.details.s3Code ?? error.code;
      const stayed = items.map((item) => ({ item, code, message: error.message }));
      return { deleted: [], changed: [], stayed, untried: [], error };
    }
    const stayed = items.flatMap((item) => {
      const why = refuses?.(item.key) ?? null;
      return why === null ? [] : [{ item, ...why }];
    });
    const changed = items.filter(({ key }) => overwritten.includes(key));
    const deleted = items.filter((item) => !changed.includes(item) && !stayed.some((left) => left.item === item));
    return { deleted, changed, stayed, untried: [], error: null };
  }

  readonly uploadFile = refuse;
  readonly uploadStream = refuse;
  readonly download = refuse;
  readonly stat = refuse;

  async waitWhileThrottled(): Promise<void> {
    await Promise.resolve();
  }

  close(): void {}

  [Symbol.dispose](): void {}
}

async function refuse(): Promise<never> {
  return await Promise.reject(new Error('a sweep lists and deletes, and nothing else'));
}

/** An object of a listing, last modified `ageMs` before `nowMs`. */
export function listedObject(key: string, { ageMs, nowMs = 0 }: { ageMs: number; nowMs?: number }): ListedObject {
  return { key, sizeBytes: 10, lastModifiedMs: nowMs - ageMs, etag: null };
}
