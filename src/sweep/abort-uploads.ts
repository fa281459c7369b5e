import type { ObjectStore } from '../s3/object-store.ts';
import type { AbortEnd } from '../s3/delete/abort-upload.ts';
import type { UnfinishedUpload } from '../s3/list/list-uploads.ts';
import { BreakwaterError, type ErrorCode } from '../errors.ts';
import type { ExcludeWatch } from '../exclude-watch.ts';
import type { KeyPatterns } from '../key-filter.ts';
import type { AgeClock } from './select/age-clock.ts';
import { askForPermission } from '../permissions.ts';
import { DENIED_MAX } from './denied-sweep.ts';
import { createItemFilter, type ItemFilter } from './select/item-filter.ts';
import type { Shard } from './shard.ts';
import type { SweepItem } from './sweep-item.ts';
import { UNKNOWN_AGE, type LeftObject } from './tally.ts';

/** Concurrent abort requests. */
const ABORTS_IN_FLIGHT = 8;

/** The maximum number of failures listed; the rest are only counted. */
const FAILURES_NAMED_MAX = 100;

export interface UploadSweepRequest {
  readonly bucket: string;
  readonly prefix: string;
  /** Minimum age of an upload by the store's clock, in ms. */
  readonly olderThanMs: number;
  readonly patterns: KeyPatterns;
  /** Only keys whose hash falls to this shard. @default null: all */
  readonly shard?: Shard | null;
  /** Counts only; sends no write request. */
  readonly isDryRun: boolean;
}

export interface UploadSweepContext {
  readonly store: Pick<ObjectStore, 'listUploads' | 'abortUpload'>;
  /** The ids of uploads that live processes on this machine are sending. */
  readonly findRunning: () => Promise<ReadonlySet<string>>;
  readonly ageClock: AgeClock;
  /** @default not watched */
  readonly excludes?: ExcludeWatch;
}

/** The result for uploads that are old enough, and for those of unknown age. */
export interface UploadTally {
  /** Uploads that were to be aborted, or kept because their age is unknown. The sum of `aborted` and `failed`. */
  readonly matched: number;
  /** Old enough, but skipped and not counted as matched, because a live process on this machine is sending them. */
  readonly running: number;
  readonly aborted: number;
  /** Not aborted; left for the next sweep. */
  readonly failed: number;
  /** Old enough, but never asked for, because the sweep ended early. Not part of `matched`. */
  readonly notTried: number;
  /** The first failures. */
  readonly failures: readonly LeftObject[];
}

/** The counts until the end, and the error that ended it early; null for none. */
export interface UploadsSwept {
  readonly tally: UploadTally;
  readonly error: BreakwaterError | null;
}

/**
 * Aborts old unfinished multipart uploads, page by page. It ends early if the listing fails, no further abort can succeed,
 * or every abort is denied.
 * @throws only errors other than BreakwaterError, which are bugs
 */
export async function abortUploads(request: UploadSweepRequest, context: UploadSweepContext): Promise<UploadsSwept> {
  const run = new UploadSweepRun(request, context);
  try {
    await run.run();
    return { tally: run.tally, error: null };
  } catch (error) {
    if (!(error instanceof BreakwaterError)) throw error;
    return { tally: run.tally, error };
  }
}

const NONE: ReadonlySet<string> = new Set();

/** Errors after which every further abort would fail too. */
const ENDS_THE_SWEEP: ReadonlySet<ErrorCode> = new Set(['interrupted', 'deadline', 'config', 'internal', 'locked']);

/** The bucket is gone, and all its uploads with it. */
const NO_BUCKET = 'NoSuchBucket';

/** Uploads whose absence is checked; more than that would be a fault of its own. Bounds memory. */
const UNPROVEN_MAX = 100_000;

type Why = Pick<LeftObject, 'code' | 'message'>;

const WHY_UNPROVEN: Readonly<Record<Exclude<AbortEnd, 'aborted'>, Why>> = {
  missing: { code: 'NoSuchUpload', message: 'the store lists it, but does not find it under this name' },
  unconfirmed: { code: 'not_confirmed', message: 'the store did not say what became of it' },
};

interface UnprovenAbort {
  readonly key: string;
  readonly why: Why;
}

class UploadSweepRun {
  readonly #request: UploadSweepRequest;
  readonly #context: UploadSweepContext;
  readonly #filter: ItemFilter;
  readonly #failures: LeftObject[] = [];
  /** Uploads of which no response proves that they are gone, by their ids, with why. */
  readonly #unproven = new Map<string, UnprovenAbort>();
  readonly #counts = { running: 0, aborted: 0, failed: 0, notTried: 0 };
  /** Old uploads that a dry run only counts. */
  #found = 0;
  #asked = 0;
  #denied = 0;
  #firstDenial: BreakwaterError | null = null;

  constructor(request: UploadSweepRequest, context: UploadSweepContext) {
    const { prefix, olderThanMs, patterns, shard = null } = request;
    this.#request = request;
    this.#context = context;
    this.#filter = createItemFilter(prefix, {
      olderThanMs,
      patterns,
      shard,
      ...(context.excludes === undefined ? {} : { watch: context.excludes }),
    });
  }

  get tally(): UploadTally {
    // What nobody has checked may still be there.
    const failed = this.#counts.failed + this.#unproven.size;
    const unchecked = [...this.#unproven.values()].slice(0, FAILURES_NAMED_MAX - this.#failures.length).map(toLeft);
    // A dry run says what would be aborted; what stays for its unknown age does so in both.
    const matched = this.#request.isDryRun ? this.#found : this.#counts.aborted + failed;
    return { ...this.#counts, matched, failed, failures: [...this.#failures, ...unchecked] };
  }

  async run(): Promise<void> {
    const { bucket, prefix, isDryRun } = this.#request;
    const { store, ageClock, findRunning, excludes } = this.#context;
    for await (const { uploads, storeNowMs } of store.listUploads({ bucket, prefix })) {
      const nowMs = ageClock(storeNowMs);
      const old = uploads.filter((upload) => this.#filter.takes(toItem(upload), nowMs));
      excludes?.report();
      // Checked after the listing, because an upload is saved as soon as it has been created.
      const running = old.length === 0 ? NONE : await findRunning();
      const matches = old.filter(({ uploadId }) => !running.has(uploadId));
      this.#counts.running += old.length - matches.length;
      for (const { key } of uploads.map(toItem).filter(this.#filter.lacksAge)) this.#leave(key, UNKNOWN_AGE);
      if (isDryRun) {
        this.#found += matches.length;
        continue;
      }
      await this.#abortAll(matches);
    }
    if (this.#isAllDenied) throw this.#deniedError();
    if (this.#unproven.size > 0) await this.#checkUnproven();
  }

  /** @throws BreakwaterError that ends the sweep */
  async #abortAll(uploads: readonly UnfinishedUpload[]): Promise<void> {
    const rest = uploads.values();
    const endings: BreakwaterError[] = [];
    const abortNext = async (): Promise<void> => {
      // All loops share one iterator, so each upload is aborted once.
      for (const upload of rest) {
        if (endings.length > 0) {
          this.#counts.notTried += 1;
          continue;
        }
        const ending = await this.#abort(upload);
        if (ending !== null) endings.push(ending);
      }
    };
    await Promise.all(Array.from({ length: Math.min(ABORTS_IN_FLIGHT, uploads.length) }, abortNext));
    const [ending] = endings;
    if (ending !== undefined) throw ending;
  }

  /** @returns the error if it ends the sweep */
  async #abort(upload: UnfinishedUpload): Promise<BreakwaterError | null> {
    const { key, uploadId } = upload;
    this.#asked += 1;
    try {
      const result = await this.#context.store.abortUpload({ bucket: this.#request.bucket, key, uploadId });
      if (result === 'aborted') this.#counts.aborted += 1;
      else if (this.#unproven.size < UNPROVEN_MAX) this.#unproven.set(uploadId, { key, why: WHY_UNPROVEN[result] });
      else this.#leave(key, WHY_UNPROVEN[result]);
      return null;
    } catch (error) {
      if (!(error instanceof BreakwaterError)) throw error;
      this.#leave(key, { code: error.details.s3Code ?? error.code, message: error.message });
      if (error.code === 'access_denied') {
        this.#denied += 1;
        this.#firstDenial ??= error;
      }
      if (this.#denied >= DENIED_MAX && this.#isAllDenied) return this.#deniedError();
      return ENDS_THE_SWEEP.has(error.code) || error.details.s3Code === NO_BUCKET ? error : null;
    }
  }

  /** An upload that is not found is gone, or has another name than the listing shows. A second listing tells. */
  async #checkUnproven(): Promise<void> {
    const { bucket, prefix } = this.#request;
    for await (const { uploads } of this.#context.store.listUploads({ bucket, prefix })) {
      for (const { key, uploadId } of uploads) {
        const unproven = this.#unproven.get(uploadId);
        if (unproven !== undefined && this.#unproven.delete(uploadId)) this.#leave(key, unproven.why);
      }
    }
    this.#counts.aborted += this.#unproven.size;
    this.#unproven.clear();
  }

  #leave(key: string, { code, message }: Why): void {
    this.#counts.failed += 1;
    if (this.#failures.length < FAILURES_NAMED_MAX) this.#failures.push({ key, versionId: null, code, message });
  }

  get #isAllDenied(): boolean {
    return this.#denied > 0 && this.#denied === this.#asked;
  }

  #deniedError(): BreakwaterError {
    const { bucket, prefix } = this.#request;
    const first = this.#firstDenial;
    const what = `every abort of an upload in s3://${bucket}/${prefix} was denied`;
    return new BreakwaterError('access_denied', first === null ? what : `${what}, the first: ${first.message}`, {
      details: {
        ...first?.details,
        hint: askForPermission({ operation: 'abort_upload', bucket, key: null, prefix }),
      },
    });
  }
}

function toLeft({ key, why }: UnprovenAbort): LeftObject {
  return { key, versionId: null, ...why };
}

function toItem({ key, startedAtMs }: UnfinishedUpload): SweepItem {
  return { key, versionId: null, sizeBytes: null, lastModifiedMs: startedAtMs, etag: null };
}
