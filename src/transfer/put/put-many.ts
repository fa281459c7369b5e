import { BreakwaterError } from '../../errors.ts';
import { openLocalFile, type LocalFile } from './source-file.ts';
import type { WalkedFile } from './walk-files.ts';
import { openResumableRun, type ResumableRun } from './resume-run.ts';
import type { S3Location } from '../transfer-context.ts';
import { runMany, type ItemDone, type ManyResult } from '../run-many.ts';
import { sendFile, type SendTools } from './send.ts';
import { StoredObjects } from './already-stored.ts';

/** Stored times are read to the microsecond; this is that, and what a double loses of it, in ms. */
const TIME_ERROR_MS = 0.002;

/**
 * Sends many files, each to the key that is the destination followed by its name. What an interrupted run of the same
 * command has stored is not sent again: an object counts as stored if it was created since that run started and its
 * ETag matches the file's bytes.
 * @throws BreakwaterError `not_found` if the patterns leave nothing to send
 */
export async function putMany(files: AsyncIterable<WalkedFile>, tools: SendTools): Promise<ManyResult> {
  const { request, slots, context } = tools;
  const { bucket, key: prefix } = request.destination;
  await using run = await openResumableRun(request, context);
  const stored = await readStored(run, tools);
  const send = async ({ path, name, problem, isRegular }: WalkedFile, signal: AbortSignal): Promise<ItemDone> => {
    if (problem !== null) throw problem;
    using file = openLocalFile(path, { isKnown: isRegular });
    const location = { bucket, key: `${prefix}${name}` };
    const isStored = (await stored?.has(location.key, file, request.partSizeBytes)) === true;
    if (isStored && (await hasItsTime(file, location, { ...tools, run }))) return { bytes: 0, isSkipped: true };
    return await sendFile(file, { location, signal }, tools);
  };
  const result = await runMany(files, send, {
    objectsInFlight: slots.bounds.requests,
    hasRoom: context.hasRoom,
    beforeEach: async (signal) => await tools.store.waitWhileThrottled(signal),
    signal: context.signal,
  });
  if (result.ended === null && result.failed === 0) await run.forget();
  refuseEmpty(result, tools);
  return result.ended === null || !run.isSaved ? result : { ...result, ended: withResumeHint(result.ended) };
}

/** What the interrupted run has stored; null if there was none, or the destination may not be listed. */
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
    if (!(error instanceof BreakwaterError) || error.code !== 'access_denied') throw error;
    emit({
      kind: 'warning',
      reason: 'not_listed',
      message: `everything is sent again: what an earlier run has stored cannot be listed (${error.message})`,
    });
    return null;
  }
}

/**
 * Whether an object with the file's bytes has its time of modification, too. S3 is asked only about a file that was
 * changed since the interrupted run started: it may have been touched, and then the object is sent again.
 */
async function hasItsTime(
  { identity, changedMs }: LocalFile,
  location: S3Location,
  { run, store, request }: SendTools & { readonly run: ResumableRun },
): Promise<boolean> {
  if (changedMs < run.unchangedBeforeMs || 'mtime' in request.object.metadata) return true;
  try {
    const { modifiedMs, isWritersTime } = await store.stat({ ...location, versionId: null });
    const mtimeMs = Number(identity.mtimeNs) / 1e6;
    return isWritersTime && modifiedMs !== null && Math.abs(modifiedMs - mtimeMs) <= TIME_ERROR_MS;
  } catch (error) {
    // It cannot be told, or is gone since: sending it again is right.
    if (error instanceof BreakwaterError && (error.code === 'access_denied' || error.code === 'not_found'))
      return false;
    throw error;
  }
}

function refuseEmpty({ done, skipped, failed }: ManyResult, { request }: SendTools): void {
  const { include, exclude } = request.patterns;
  if (done + skipped + failed > 0 || include.length + exclude.length === 0) return;
  throw new BreakwaterError('not_found', 'no file is left by --include and --exclude', {
    details: { hint: 'patterns are held against names below the source: see breakwater put --help' },
  });
}

function withResumeHint(error: BreakwaterError): BreakwaterError {
  const hint = 'run the same command again to resume: what is stored is not sent again';
  return new BreakwaterError(error.code, error.message, { cause: error, details: { ...error.details, hint } });
}
