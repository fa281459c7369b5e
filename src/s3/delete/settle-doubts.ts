import type { RequestRunner } from '../../guard/request-runner.ts';
import type { Classification } from '../../retry/classify.ts';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import { bareEtag, isWeakEtag, strongEtag } from '../checksum/etag.ts';
import type { ObjectClient } from '../connection/object-client.ts';
import { lookAtKey, type Look, type LookedHead } from '../list/look-at-key.ts';
import { IN_FLIGHT_MAX } from './adaptive-concurrency.ts';
import { hasCondition, type BatchWork, type Doubt, type DoubtResult, type DropResult } from './batch-outcome.ts';
import type { SendPaced } from './delete-request.ts';
import { isReplaceable, type DeleteTarget } from './delete-target.ts';

/** The code of the store for a condition that did not hold. */
const CONDITION_FAILED = 'PreconditionFailed';

interface Doubtful {
  readonly bucket: string;
  readonly work: BatchWork<DeleteTarget>;
  readonly requests: RequestRunner;
  /** The forms of ETags with which this store has deleted objects; see `formOf`. */
  readonly provenForms: ReadonlySet<string>;
  /** Whether a listing shows a version. */
  readonly isListed: (item: DeleteTarget) => Promise<boolean>;
  /** No delete follows, so what is still there stays. */
  readonly isLast: boolean;
}

/**
 * Settles the keys of which a store said nothing clear, with one look each. A key that it calls overwritten needs one
 * only if the store has never deleted an object by an ETag of the same form: perhaps it compares another form.
 * @throws RetryChainFailed if a look fails for a reason that concerns more than its key; the signal's reason
 */
export async function settleDoubts(
  s3: ObjectClient,
  { bucket, work, requests, isListed, provenForms, isLast }: Doubtful,
  send: SendPaced,
): Promise<void> {
  for (const doubt of work.doubts) {
    const { item, response } = doubt;
    const isBelieved = response.kind === 'changed' && (!hasCondition(item) || provenForms.has(formOf(item)));
    if (isBelieved) work.resolve(doubt, response);
  }
  const look = withListing(openLook(s3, { bucket, requests }, send), isListed);
  await forEachOf(work.doubts, async (doubt) => {
    work.resolve(doubt, judgeDoubt(doubt, { look: await look(doubt.item), isLast }));
  });
}

/**
 * Looks at versions named `null` just before they are deleted without a condition that holds: what the listing shows as
 * an old version, or as a delete marker, may have been replaced by a current object. Settles those that were.
 * @throws as `settleDoubts`
 */
export async function dropReplaced(
  s3: ObjectClient,
  {
    bucket,
    work,
    requests,
    items,
  }: Pick<Doubtful, 'bucket' | 'work' | 'requests'> & { items: readonly DeleteTarget[] },
  send: SendPaced,
): Promise<void> {
  const look = openLook(s3, { bucket, requests }, send);
  await forEachOf(items, async (item) => {
    const result = judgeReplaced(item, await look(item));
    if (result !== null) work.drop(item, result);
  });
}

/**
 * Settles the keys of a request whose response was lost and that are gone or overwritten: the store may have carried it
 * out. Looks at one key first, because a store that is down answers no look either; a second one tells it from a store that
 * fails for that key alone.
 * @returns whether the store answers looks; if not, nothing is known
 * @throws the signal's reason
 */
export async function settleLost(
  s3: ObjectClient,
  { bucket, work, requests, isListed, items, failure: lost }: Omit<Doubtful, 'provenForms' | 'isLast'> & LostRequest,
  send: SendPaced,
): Promise<boolean> {
  const { code, message } = lost;
  const look = withListing(openLook(s3, { bucket, requests }, send), isListed);
  const settle = async (item: DeleteTarget): Promise<Look> => {
    const seen = await look(item);
    const result = judgeDoubt({ item, response: { kind: 'unclear', code, message } }, { look: seen, isLast: true });
    if (result.kind === 'deleted' || result.kind === 'changed') work.drop(item, result);
    return seen;
  };
  const [first, second, ...others] = items;
  try {
    const seen = first === undefined ? null : await settle(first);
    if (seen?.kind === 'unreadable') {
      const hasAnswered = seen.failure.failure.httpStatus !== null;
      if (second === undefined || !hasAnswered || (await settle(second)).kind === 'unreadable') return false;
    } else if (second !== undefined) others.push(second);
    await forEachOf(others, settle);
    return true;
  } catch (error) {
    // The lost request is the failure to report.
    if (!(error instanceof RetryChainFailed)) throw error;
    return false;
  }
}

interface LostRequest {
  readonly items: readonly DeleteTarget[];
  readonly failure: Pick<Classification, 'code' | 'message'>;
}

/** Refusals and failures to connect: the store has not seen the request. */
const NEVER_SEEN: ReadonlySet<string> = new Set([
  'connection_refused',
  'connect_timeout',
  'host_not_found',
  'host_unreachable',
]);

/** Whether a failed request may have been carried out: its response was lost, or a proxy or the store failed after it. */
export function isOutcomeOpen({ code, errorCode, httpStatus }: Classification): boolean {
  if (errorCode !== 'unavailable' || NEVER_SEEN.has(code)) return false;
  return httpStatus === null || httpStatus === 500 || httpStatus === 502 || httpStatus === 504;
}

/** Null if the version may still be the listed one. */
export function judgeReplaced(item: DeleteTarget, look: Look): DropResult | null {
  // Ceph answers for a delete marker as if it were missing; to delete a missing version does no harm.
  if (look.kind === 'gone') return item.etag === null ? null : { kind: 'deleted' };
  if (look.kind === 'unreadable') {
    const { code } = look.failure.failure;
    return failure(code, 'it may have been replaced since it was listed, and it cannot be looked at');
  }
  // A delete marker has no ETag, in a listing and here.
  return bareEtag(item.etag ?? '') === bareEtag(look.head.ETag ?? '') ? null : { kind: 'changed' };
}

function openLook(
  s3: ObjectClient,
  { bucket, requests }: Pick<Doubtful, 'bucket' | 'requests'>,
  send: SendPaced,
): (item: DeleteTarget) => Promise<Look> {
  return async ({ key, versionId }) =>
    await lookAtKey(
      s3,
      { bucket, key, versionId },
      async (request) => await requests.send(async (attempt) => await send(attempt, request)),
    );
}

/** A HEAD may not show a delete marker, which has no ETag (Ceph 16), so that only a listing proves it gone. */
function withListing(
  look: (item: DeleteTarget) => Promise<Look>,
  isListed: Doubtful['isListed'],
): (item: DeleteTarget) => Promise<Look> {
  return async (item) => {
    const seen = await look(item);
    const mayBeMarker = item.versionId !== null && bareEtag(item.etag ?? '') === '';
    return seen.kind === 'gone' && mayBeMarker && (await isListed(item)) ? { kind: 'there', head: {} } : seen;
  };
}

/** Handles every item, several at once; the first error is thrown when all workers have ended. */
async function forEachOf<T>(items: readonly T[], handle: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  const handleNext = async (): Promise<void> => {
    // All workers share one iterator, so each item is handled once.
    for (const item of queue) await handle(item);
  };
  const workers = await Promise.allSettled(Array.from({ length: Math.min(IN_FLIGHT_MAX, items.length) }, handleNext));
  const failed = workers.find((worker) => worker.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** What a look shows of a key in doubt. Nothing counts as deleted that may still be there. */
export function judgeDoubt(
  { item, response }: Doubt<DeleteTarget>,
  { look, isLast }: { readonly look: Look; readonly isLast: boolean },
): DoubtResult {
  if (look.kind === 'gone') return { kind: 'deleted' };
  if (look.kind === 'unreadable') {
    if (response.kind === 'changed') return response;
    const { code, message } = response;
    return failure(code, `${message}, and it cannot be looked at: ${look.failure.failure.code}`);
  }
  const isOther = isOtherObject(item, look.head);
  if (isOther && !isUntouched(item, look.head)) return { kind: 'changed' };
  if (response.kind === 'unclear') {
    return isLast || response.code !== 'not_confirmed' ? failure(response.code, response.message) : { kind: 'again' };
  }
  const { ETag = '' } = look.head;
  if (bareEtag(ETag) === '') return response;
  if (isOther)
    return failure(CONDITION_FAILED, 'it was not overwritten, but the store lists another ETag than it compares');
  if (isLast) return failure(CONDITION_FAILED, 'it was not overwritten, but the store does not accept its ETag');
  // Exactly as the store writes it for one object. A weak one can never match, and some stores hold the condition for a
  // version against the current object; the look is fresh, so these go without.
  return { kind: 'again', etag: item.versionId === null ? strongEtag(ETag) : null };
}

/** Quotes, case, weakness and parts: a store that compares text treats ETags of one form alike. */
export function formOf({ etag }: Pick<DeleteTarget, 'etag'>): string {
  const text = etag ?? '';
  const marks = [
    isWeakEtag(text) ? 'weak' : '',
    text.endsWith('"') ? 'quoted' : '',
    /[A-F]/.test(text) ? 'upper' : '',
    text.includes('-') ? 'parts' : '',
  ];
  return marks.join(' ');
}

function isOtherObject(item: DeleteTarget, { ETag }: LookedHead): boolean {
  const [listed, found] = [bareEtag(item.etag ?? ''), bareEtag(ETag ?? '')];
  return isReplaceable(item) && listed !== '' && found !== '' && listed !== found;
}

/** Whether it still has the time of the listing, to the second: a HEAD has no more. */
function isUntouched({ lastModifiedMs = null }: DeleteTarget, { LastModified }: LookedHead): boolean {
  if (lastModifiedMs === null || LastModified === undefined) return false;
  return Math.floor(lastModifiedMs / 1000) === Math.floor(LastModified.getTime() / 1000);
}

function failure(code: string, message: string): DropResult {
  return { kind: 'failed', code, message, isTransient: false };
}
