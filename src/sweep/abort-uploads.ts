import type { ObjectStore } from '../s3/object-store.ts';
import type { UnfinishedUpload } from '../s3/list/list-uploads.ts';
import { BreakwaterError, type ErrorCode } from '../errors.ts';
import type { KeyPatterns } from '../key-filter.ts';
import type { AgeClock } from './age-clock.ts';
import { createItemFilter } from './item-filter.ts';
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
  /** Counts only; sends no write request. */
  readonly isDryRun: boolean;
}

export interface UploadSweepContext {
  readonly store: Pick<ObjectStore, 'listUploads' | 'abortUpload'>;
  /** The ids of uploads that live processes on this machine are sending. */
  readonly findRunning: () => Promise<ReadonlySet<string>>;
  readonly ageClock: AgeClock;
}

/** The result for uploads that are old enough, and for those of unknown age. */
export interface UploadTally {
  readonly matched: number;
  /** Old enough, but skipped and not counted as matched, because a live process on this machine is sending them. */
  readonly running: number;
  readonly aborted: number;
  /** Not aborted; left for the next sweep. */
  readonly failed: number;
  /** The first failures. */
  readonly failures: readonly LeftObject[];
}

/**
 * Aborts old unfinished multipart uploads, page by page.
 * @throws BreakwaterError if the listing fails, no further abort can succeed, or every abort was denied
 */
export async function abortUploads(request: UploadSweepRequest, context: UploadSweepContext): Promise<UploadTally> {
  const { bucket, prefix, olderThanMs, patterns, isDryRun } = request;
  const { store, ageClock, findRunning } = context;
  const filter = createItemFilter(prefix, { olderThanMs, patterns });
  const tally = { matched: 0, running: 0, aborted: 0, failed: 0, failures: [] as LeftObject[] };
  const count = (failures: readonly LeftObject[]): void => {
    tally.failed += failures.length;
    tally.failures.push(...failures.slice(0, FAILURES_NAMED_MAX - tally.failures.length));
  };
  let [asked, denied] = [0, 0];
  for await (const { uploads, storeNowMs } of store.listUploads({ bucket, prefix })) {
    const nowMs = ageClock(storeNowMs);
    const old = uploads.filter((upload) => filter.takes(toItem(upload), nowMs));
    // Checked after the listing, because an upload is saved as soon as it has been created.
    const running = old.length === 0 ? NONE : await findRunning();
    const matches = old.filter(({ uploadId }) => !running.has(uploadId));
    tally.running += old.length - matches.length;
    tally.matched += matches.length;
    if (isDryRun) continue;
    const ageless = uploads.map(toItem).filter(filter.lacksAge);
    tally.matched += ageless.length;
    count(ageless.map(({ key }) => ({ key, versionId: null, ...UNKNOWN_AGE })));
    const failures = await abortAll(bucket, matches, context);
    count(failures);
    asked += matches.length;
    tally.aborted += matches.length - failures.length;
    denied += failures.filter(({ code }) => code === 'AccessDenied').length;
  }
  if (denied > 0 && denied === asked) {
    throw new BreakwaterError('access_denied', `every abort of an upload in s3://${bucket}/${prefix} was denied`, {
      details: { s3Code: 'AccessDenied', hint: 'grant s3:AbortMultipartUpload' },
    });
  }
  return tally;
}

const NONE: ReadonlySet<string> = new Set();

function toItem({ key, startedAtMs }: UnfinishedUpload): SweepItem {
  return { key, versionId: null, sizeBytes: null, lastModifiedMs: startedAtMs, etag: null };
}

/** Errors after which every further abort would fail too. */
const ENDS_THE_SWEEP: ReadonlySet<ErrorCode> = new Set(['interrupted', 'deadline', 'config', 'internal']);

async function abortAll(
  bucket: string,
  uploads: readonly UnfinishedUpload[],
  { store }: UploadSweepContext,
): Promise<readonly LeftObject[]> {
  const failures: LeftObject[] = [];
  const rest = uploads.values();
  const abort = async (): Promise<void> => {
    // All loops share one iterator, so each upload is aborted once.
    for (const { key, uploadId } of rest) {
      try {
        await store.abortUpload({ bucket, key, uploadId });
      } catch (error) {
        if (!(error instanceof BreakwaterError) || ENDS_THE_SWEEP.has(error.code)) throw error;
        failures.push({ key, versionId: null, code: error.details.s3Code ?? error.code, message: error.message });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(ABORTS_IN_FLIGHT, uploads.length) }, abort));
  return failures;
}
