import type { DeleteFailure } from '../client/batch-delete.ts';
import { DELETE_BATCH_MAX } from '../client/limits.ts';
import type { ListedObject } from '../client/listing.ts';
import type { ObjectStore } from '../client/object-store.ts';
import { BreakwaterError, type ErrorCode } from '../errors.ts';
import type { EventSink } from '../events.ts';
import { isExpired } from './expiry.ts';
import { addToSurvey, addToTally, EMPTY_SURVEY, EMPTY_TALLY, type Survey, type SweepTally } from './tally.ts';

export interface SweepRequest {
  readonly bucket: string;
  /** Keys that begin with it; empty for the whole bucket, which the caller must have meant. */
  readonly prefix: string;
  /** Age past which an object is deleted, in ms; at least 0. */
  readonly olderThanMs: number;
}

export interface SweepContext {
  readonly store: ObjectStore;
  /** Used only where the store does not tell its own time. */
  readonly now: () => number;
  readonly emit: EventSink;
}

/** Counts what a sweep would delete. Sends no write request. */
export async function surveySweep(request: SweepRequest, context: SweepContext): Promise<Survey> {
  let survey = EMPTY_SURVEY;
  for await (const matches of matchPages(request, context)) survey = addToSurvey(survey, matches);
  return survey;
}

/**
 * Deletes what is past its age, page by page, without a circuit: what stays is picked up by the next sweep.
 * @throws BreakwaterError when the listing fails, or when no further delete can succeed
 */
export async function sweep(request: SweepRequest, context: SweepContext): Promise<SweepTally> {
  let tally = EMPTY_TALLY;
  for await (const matches of matchPages(request, context)) {
    for (let start = 0; start < matches.length; start += DELETE_BATCH_MAX) {
      const batch = matches.slice(start, start + DELETE_BATCH_MAX);
      const before = tally;
      tally = addToTally(tally, { batch, stayed: await deleteOrName(request.bucket, batch, context) });
      context.emit({
        kind: 'objects_swept',
        bucket: request.bucket,
        deleted: tally.deleted - before.deleted,
        failed: tally.failed - before.failed,
        bytes: tally.deletedBytes - before.deletedBytes,
      });
    }
  }
  if (tally.matched > 0 && tally.denied === tally.matched) {
    throw new BreakwaterError('access_denied', `every delete in s3://${request.bucket}/${request.prefix} was denied`, {
      details: { s3Code: 'AccessDenied', hint: 'the credentials need s3:DeleteObject here' },
    });
  }
  const { deleted, failed } = tally;
  context.emit({ kind: 'sweep_finished', bucket: request.bucket, deleted, failed });
  return tally;
}

async function* matchPages(
  { bucket, prefix, olderThanMs }: SweepRequest,
  { store, now }: SweepContext,
): AsyncGenerator<readonly ListedObject[]> {
  for await (const page of store.list({ bucket, prefix, circuit: null })) {
    const storeNowMs = page.storeNowMs ?? now();
    yield page.objects.filter((object) => isExpired(object, { storeNowMs, olderThanMs }));
  }
}

/** After these the next batch would end the same way. */
const ENDS_THE_SWEEP: ReadonlySet<ErrorCode> = new Set([
  'interrupted',
  'deadline',
  'config',
  'internal',
  'access_denied',
  'not_found',
]);

/** The keys of a batch that stayed, each with its reason; a batch that failed as a whole stays as a whole. */
async function deleteOrName(
  bucket: string,
  batch: readonly ListedObject[],
  { store }: SweepContext,
): Promise<readonly DeleteFailure[]> {
  try {
    return await store.deleteBatch({ bucket, keys: batch.map(({ key }) => key) });
  } catch (error) {
    if (!(error instanceof BreakwaterError) || ENDS_THE_SWEEP.has(error.code)) throw error;
    const code = error.details.s3Code ?? error.code;
    return batch.map(({ key }) => ({ key, code, message: error.message }));
  }
}
