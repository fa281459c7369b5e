import { BreakwaterError, type ErrorCode } from '../../errors.ts';
import { openLocalFile, type LocalFile } from './source-file.ts';
import type { WalkedFile } from './walk-files.ts';
import { openResumableRun, type ResumableRun } from './resume-run.ts';
import type { S3Location } from '../transfer-context.ts';
import { runMany, type ItemDone, type ManyResult } from '../run-many.ts';
import { withResumeHint } from '../run-again.ts';
import { sendFile, type SendTools } from './send.ts';
import { StoredObjects } from './already-stored.ts';

/** The error of a stored time, in ms: it is read to the microsecond, and a double loses some of that. */
const TIME_ERROR_MS = 0.002;

/**
 * Sends many files, each to the destination key followed by its name. Skips objects that an interrupted run of the same
 * command stored: those created since that run started whose ETag matches the file's bytes.
 * @throws BreakwaterError `not_found` if the patterns leave nothing to send
 */
export async function putMany(files: AsyncIterable<readonly WalkedFile[]>, tools: SendTools): Promise<ManyResult> {
  const { request, slots, context } = tools;
  const { bucket, key: prefix } = request.destination;
  await using run = await openResumableRun(request, context);
  const stored = await readStored(run, tools);
  const send = async ({ path, name, problem, isRegular }: WalkedFile, signal: AbortSignal): Promise<ItemDone> => {
    if (problem !== null) throw problem;
    using file = openLocalFile(path, { isKnown: isRegular, isReadWhole: true });
    const location = { bucket, key: `${prefix}${name}` };
    if (stored !== null && (await stored.has(location.key, file, request.partSizeBytes))) {
      file.confirm();
      if (await hasItsTime(file, location, { ...tools, run, stored })) return { bytes: 0, isSkipped: true };
    }
    return await sendFile(file, { location, signal }, tools);
  };
  const result = await runMany(files, send, {
    objectsInFlight: slots.bounds.requests,
    hasRoom: context.hasRoom,
    beforeEach: (signal) => tools.store.waitWhileThrottled(signal),
    signal: context.signal,
    asked: { operation: 'put_object', bucket, key: null, prefix },
  });
  if (result.ended === null && result.failed === 0) await run.forget();
  refuseEmpty(result, request);
  if (result.ended === null || !run.isSaved) return result;
  return { ...result, ended: withResumeHint(result.ended, 'stored files are not sent again') };
}

/** The objects of the interrupted run; null if there was none, or the destination may not be listed. */
async function readStored(
  { sinceMs }: ResumableRun,
  { store, request, context }: SendTools,
): Promise<StoredObjects | null> {
  if (sinceMs === null) return null;
  const { bucket, key: prefix } = request.destination;
  const { clock, emit } = context;
  try {
    return await StoredObjects.read(store.list({ bucket, prefix }), { sinceMs, now: clock.now });
  } catch (error) {
    if (!(error instanceof BreakwaterError) || !isUnlistable(error)) throw error;
    emit({
      kind: 'warning',
      reason: 'not_listed',
      message: `everything is sent again: what an earlier run has stored cannot be listed (${error.message})`,
    });
    return null;
  }
}

/** The destination may not be listed, or the store does not list it as S3 does. */
function isUnlistable({ code, details }: BreakwaterError): boolean {
  return code === 'access_denied' || code === 'rejected' || UNLISTABLE.has(details.reason ?? '');
}

/** The errors of a HEAD that leave the object's time unknown: refused, or deleted meanwhile. */
const UNKNOWN: ReadonlySet<ErrorCode> = new Set(['access_denied', 'rejected', 'not_found']);

const UNLISTABLE: ReadonlySet<string> = new Set(['listing_not_below_prefix', 'listing_stands_still', 'not_s3']);

/**
 * Whether an object with the file's bytes also has its modification time. Asks S3 only if the file changed since the
 * interrupted run started: it may have been touched, and then must be sent again.
 */
async function hasItsTime(
  { identity, changedMs }: LocalFile,
  location: S3Location,
  { run, store, stored, request }: SendTools & { readonly run: ResumableRun; readonly stored: StoredObjects },
): Promise<boolean> {
  if (changedMs < run.unchangedBeforeMs || 'mtime' in request.object.metadata) return true;
  try {
    const { modifiedMs, isWritersTime, etag, sizeBytes } = await store.stat({ ...location, versionId: null });
    // Replaced since it was listed, or the response is about another object.
    if (!stored.includes(location.key, { etag, sizeBytes })) return false;
    const mtimeMs = Number(identity.mtimeNs) / 1e6;
    return isWritersTime && modifiedMs !== null && Math.abs(modifiedMs - mtimeMs) <= TIME_ERROR_MS;
  } catch (error) {
    // Unknown, or deleted meanwhile: send it again.
    if (error instanceof BreakwaterError && UNKNOWN.has(error.code)) return false;
    throw error;
  }
}

/** @throws BreakwaterError `not_found` if the patterns leave nothing to send */
export function refuseEmpty(
  { done, skipped, failed }: Pick<ManyResult, 'done' | 'skipped' | 'failed'>,
  request: Pick<SendTools['request'], 'patterns'>,
): void {
  const { include, exclude } = request.patterns;
  if (done + skipped + failed > 0 || include.length + exclude.length === 0) return;
  throw new BreakwaterError('not_found', '--include and --exclude leave no file to send', {
    details: { hint: 'patterns match names below the source: see breakwater put --help' },
  });
}
