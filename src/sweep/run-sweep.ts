import { onAbort } from '../abort.ts';
import type { Clock } from '../clock.ts';
import { BreakwaterError } from '../errors.ts';
import type { EventSink } from '../events.ts';
import type { ObjectStore } from '../s3/object-store.ts';
import { watchExcludes, type ExcludeWatch } from '../exclude-watch.ts';
import { watchNeighbours } from '../prefix-warning.ts';
import type { UnfinishedWork, WorkClaim } from '../unfinished-work.ts';
import { abortUploads, type UploadSweepRequest, type UploadTally } from './abort-uploads.ts';
import { createAgeClock, type AgeClock } from './select/age-clock.ts';
import { SweepCheckpoint } from './checkpoint.ts';
import { claimSweep, nameSweep, takenOverError } from './claim-sweep.ts';
import { createMatchHints, type MatchHints } from './select/match-hints.ts';
import { sweepRound } from './round.ts';
import type { Shard } from './shard.ts';
import { selectItems, type Selection } from './select/select-items.ts';
import { findObjectFailure, findUploadFailure, isNothingDeleted, NOTHING_DELETED_HINT } from './sweep-failure.ts';
import { EVERY_KEY, type KeySpan, type SweepPage } from './sweep-item.ts';
import type { SweepLimits } from './sweep-limits.ts';
import { NO_REPORT, openSweepReport, type SweepReport } from './sweep-report.ts';
import { sweep, type SweepResult } from './sweep.ts';
import { isTimeOver } from './time-is-over.ts';
import { surveySweep, type Survey } from './tally.ts';
import type { TimeLimit } from './time-limit.ts';

/** The parameters of one sweep. */
export interface SweepJob {
  readonly bucket: string;
  readonly prefix: string;
  /** Null for AWS. */
  readonly endpointUrl: string | null;
  /** Deletes objects older than this, in ms; null keeps all objects. */
  readonly olderThanMs: number | null;
  /** Aborts unfinished uploads older than this, in ms; null keeps them. */
  readonly abortUploadsMs: number | null;
  readonly selection: Selection;
  /** The part of the prefix that this sweep covers; null for all of it. */
  readonly shard: Shard | null;
  readonly limits: SweepLimits;
  /** Counts and lists only; sends no write request. */
  readonly isDryRun: boolean;
  /** Treats anything left undeleted as a failure. */
  readonly isStrict: boolean;
  /** Also deletes objects overwritten since they were listed. */
  readonly isUnconditional: boolean;
  /** File that lists the objects left undeleted; null for none. */
  readonly reportPath: string | null;
}

export interface SweepTools {
  readonly store: ObjectStore;
  readonly unfinished: UnfinishedWork;
  /** The ids of uploads that live processes on this machine are sending. */
  readonly findRunning: () => Promise<ReadonlySet<string>>;
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly time: TimeLimit;
  /** Asks the user before deleting; null skips the question. Not called if nothing was found. */
  readonly ask: ((found: SweepFound) => Promise<boolean>) | null;
}

/** The objects and uploads that a sweep found. */
export interface SweepFound {
  /** Null if objects are kept. */
  readonly survey: Survey | null;
  readonly uploads: number;
}

export interface SweepOutcome {
  /** Set for a dry run that counts objects. */
  readonly survey: Survey | null;
  /** Set for a sweep that deletes objects. */
  readonly swept: SweepResult | null;
  /** Null if uploads are kept or the objects failed first; `failed` if nothing is known of them. */
  readonly uploads: UploadTally | 'failed' | null;
  /** Whether the time limit passed before every upload was checked. @default false */
  readonly isOutOfTimeForUploads?: boolean;
  readonly failure: BreakwaterError | null;
}

/**
 * Runs one sweep in order: claim the prefix, ask, delete objects, abort uploads. A dry run needs no claim.
 * @returns null if the user declined
 * @throws BreakwaterError before the first delete; a later failure is in the outcome
 */
export async function runSweep(job: SweepJob, given: SweepTools): Promise<SweepOutcome | null> {
  const { isDryRun, olderThanMs } = job;
  const hints = createMatchHints({ ...job, emit: given.emit });
  const excludes = openExcludes(job, given.emit);
  const tools = { ...given, hints, excludes, ageClock: createAgeClock({ now: given.clock.now, emit: given.emit }) };
  const select = openSelection(job, tools);
  if (isDryRun) {
    const survey = olderThanMs === null ? null : await surveySweep(select(EVERY_KEY));
    if (survey !== null) hints.conclude(survey.objects + survey.unreadable);
    return await addUploads({ survey, swept: null, failure: null }, job, tools);
  }
  const id = nameSweep(job);
  await using claim = await claimSweep(tools.unfinished, { ...job, id });
  // Open batches end too, with the retries of an outage: the new owner deletes these keys itself.
  using _lost = onAbort(claim.lost, () => tools.time.end(takenOverError(job)));
  if (tools.ask !== null) {
    const survey = olderThanMs === null ? null : await surveySweep(select(EVERY_KEY));
    const found = { survey, uploads: await countUploads(job, tools) };
    const isEmpty = (survey?.objects ?? 0) === 0 && found.uploads === 0;
    if (!isEmpty && !(await tools.ask(found))) return null;
  }
  if (olderThanMs === null) {
    tools.time.begin();
    return await addUploads({ survey: null, swept: null, failure: null }, job, tools);
  }
  const isResumable = job.selection.source.kind === 'objects';
  const swept = await sweepObjects({ ...job, id, isResumable }, { ...tools, select, claim });
  const { tally, ending } = swept;
  if (ending.kind === 'complete') hints.conclude(tally.matched);
  if (ending.kind !== 'failed' && !job.isStrict && isNothingDeleted(tally)) {
    const message = `none of the ${tally.matched} objects that matched was deleted; ${NOTHING_DELETED_HINT}`;
    tools.emit({ kind: 'warning', reason: 'nothing_deleted', message });
  }
  return await addUploads({ survey: null, swept, failure: findObjectFailure(swept, job) }, job, tools);
}

type AgedTools = SweepTools & {
  readonly ageClock: AgeClock;
  readonly hints: MatchHints;
  readonly excludes: ExcludeWatch;
};

/** A pattern begins after the last slash of the prefix, but its user may repeat the prefix, or the URL. */
function openExcludes({ bucket, prefix, selection }: SweepJob, emit: EventSink): ExcludeWatch {
  const base = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  return watchExcludes({ exclude: selection.patterns.exclude, starts: [`s3://${bucket}/${base}`, base], base, emit });
}

type Select = (span: KeySpan) => AsyncIterable<SweepPage>;

function openSelection(job: SweepJob, { store, ageClock, emit, hints, excludes }: AgedTools): Select {
  const { bucket, prefix, selection, olderThanMs, isUnconditional } = job;
  const watch = watchNeighbours({ prefix, emit });
  const source = hints.watch(selection.source);
  return async function* select(within) {
    const request = { ...selection, source, bucket, prefix, olderThanMs: olderThanMs ?? 0, within, watch: excludes };
    for await (const page of selectItems(request, { store, ageClock })) {
      watch(page.items);
      excludes.report();
      // Without an ETag, a delete has no condition.
      yield isUnconditional ? { ...page, items: page.items.map((item) => ({ ...item, etag: null })) } : page;
    }
  };
}

interface ObjectsJob extends Pick<SweepJob, 'bucket' | 'prefix' | 'limits' | 'reportPath'> {
  readonly id: string;
  /** Whether keys come in order, so that the next sweep can start where this one stopped. */
  readonly isResumable: boolean;
}

interface ObjectsTools extends Pick<SweepTools, 'unfinished' | 'clock' | 'emit' | 'time'> {
  readonly store: Pick<ObjectStore, 'deleteBatch'>;
  readonly select: Select;
  readonly claim: WorkClaim;
}

/** Deletes objects from where the last sweep stopped; writes the report and the checkpoint. */
export async function sweepObjects(job: ObjectsJob, tools: ObjectsTools): Promise<SweepResult> {
  const { id, bucket, reportPath, isResumable } = job;
  const { store, select, unfinished, claim, time, clock, emit } = tools;
  const report =
    reportPath === null ? NO_REPORT : await openSweepReport(reportPath, bucket, { clock, signal: time.signal });
  const checkpoint = isResumable ? await SweepCheckpoint.open({ unfinished, id, clock }) : null;
  time.begin();
  const result = await sweep(sweepRound(select, checkpoint?.after ?? null), job, {
    store,
    emit,
    signal: time.signal,
    onLeft: report.write,
    onSettled: (span) => {
      if (claim.isOurs()) checkpoint?.settle(span);
    },
    isOurs: claim.isOurs,
  });
  // If another process has taken over the prefix, its checkpoint must not be overwritten.
  if (claim.confirm()) await checkpoint?.close({ isComplete: result.ending.kind === 'complete' });
  return await endReport(report, result);
}

/** The counts stay in the result: the objects are gone, even if the report of those that stayed is incomplete. */
async function endReport(report: SweepReport, result: SweepResult): Promise<SweepResult> {
  try {
    await report.close();
    return result;
  } catch (error) {
    if (!(error instanceof BreakwaterError)) throw error;
    // The first failure is the one reported.
    return result.ending.kind === 'failed' ? result : { ...result, ending: { kind: 'failed', error } };
  }
}

async function countUploads(job: SweepJob, tools: AgedTools): Promise<number> {
  const request = uploadRequest(job);
  if (request === null) return 0;
  const { tally, error } = await abortUploads({ ...request, isDryRun: true }, tools);
  if (error !== null) throw error;
  return tally.matched;
}

/** Aborts uploads after the objects, but not after a failure, because the first failure is the one reported. */
async function addUploads(
  outcome: Omit<SweepOutcome, 'uploads'>,
  job: SweepJob,
  tools: AgedTools,
): Promise<SweepOutcome> {
  const request = uploadRequest(job);
  if (request === null || outcome.failure !== null) return { ...outcome, uploads: null };
  const swept = await abortUploads(request, tools);
  const { tally, error } = swept;
  if (error === null && job.olderThanMs === null) tools.hints.conclude(tally.matched + tally.running);
  const isOutOfTimeForUploads = error !== null && isTimeOver(error);
  const isKnown = error === null || isOutOfTimeForUploads || tally.matched + tally.running + tally.notTried > 0;
  // Objects deleted earlier are still reported.
  return {
    ...outcome,
    uploads: isKnown ? tally : 'failed',
    isOutOfTimeForUploads,
    failure: findUploadFailure(swept, { isStrict: job.isStrict && !job.isDryRun }),
  };
}

function uploadRequest(job: SweepJob): UploadSweepRequest | null {
  const { bucket, prefix, abortUploadsMs, selection, shard, isDryRun } = job;
  if (abortUploadsMs === null) return null;
  return { bucket, prefix, olderThanMs: abortUploadsMs, patterns: selection.patterns, shard, isDryRun };
}
