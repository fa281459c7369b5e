import { formatTime } from '../../clock.ts';
import { formatDuration } from '../../duration.ts';
import { assertNever } from '../../errors.ts';
import type { UploadTally } from '../../sweep/abort-uploads.ts';
import type { SweepFound, SweepJob, SweepOutcome } from '../../sweep/run-sweep.ts';
import { formatShard } from '../../sweep/shard.ts';
import { nameLimitFlag } from '../../sweep/sweep-failure.ts';
import type { SweepEnding, SweepResult } from '../../sweep/sweep.ts';
import type { LeftObject, Survey } from '../../sweep/tally.ts';
import { escapeControls } from '../../escape.ts';
import { formatBytes } from '../../ui/progress/progress-text.ts';
import type { ObjectLeft, SweepDone, SweepPlanned, SweepStarted } from '../../documents/sweep-documents.ts';
import type { CommandResult, CommandRun } from '../command-run.ts';
import { confirm } from './confirm.ts';

/** A result that can be added to. */
type SweepPresented = CommandResult & { readonly json: SweepStarted | SweepPlanned | SweepDone };

/** The result of a sweep or its dry run; null if the user declined. */
export function presentSweep(job: SweepJob, outcome: SweepOutcome | null): CommandResult {
  const { bucket, prefix, isDryRun, olderThanMs } = job;
  if (outcome === null) return { json: null, summary: `nothing was ${olderThanMs === null ? 'aborted' : 'deleted'}` };
  const { survey, swept, uploads, isOutOfTimeForUploads = false, failure } = outcome;
  let result: SweepPresented = { json: { bucket, prefix, ...shardDocument(job), dry_run: isDryRun } };
  if (survey !== null) result = presentSurvey(job, survey);
  if (swept !== null) result = presentSwept(job, swept);
  if (uploads !== null) result = addUploads(result, job, { uploads, isOutOfTime: isOutOfTimeForUploads });
  return failure === null ? result : { ...result, failure };
}

/** Shows what a sweep would delete, then asks. */
export async function askToSweep(run: CommandRun, job: SweepJob, { survey, uploads }: SweepFound): Promise<boolean> {
  const target = nameTarget(job);
  if (survey === null) return await confirm(run, `abort ${uploads} unfinished uploads in ${target}?`);
  for (const line of surveyLines(job, survey)) run.output.note(line);
  const age = formatDuration(job.olderThanMs ?? 0);
  const more = uploads === 0 ? '' : `, and abort ${uploads} unfinished uploads`;
  return await confirm(run, `delete ${survey.objects} objects older than ${age} in ${target}${more}?`);
}

/** The matches of a sweep: count, bytes, oldest, newest and a few names. */
function surveyLines(job: SweepJob, survey: Survey): readonly string[] {
  const { objects, bytes, oldestMs, newestMs, samples, unknownAge, unreadable, failures } = survey;
  const age = formatDuration(job.olderThanMs ?? 0);
  return [
    `${objects} ${objects === 1 ? 'object' : 'objects'} older than ${age} in ${nameTarget(job)}, ${formatBytes(bytes)}`,
    ...(oldestMs === null || newestMs === null
      ? []
      : [`oldest ${formatTime(oldestMs)}, newest ${formatTime(newestMs)}`]),
    ...samples.map((key) => `  ${escapeControls(key)}`),
    ...(objects > samples.length ? [`  and ${objects - samples.length} more`] : []),
    ...(unknownAge > 0 ? [`${unknownAge} of unknown age, kept: the store reports no modification time`] : []),
    ...(unreadable > 0 ? [`${unreadable} that cannot be checked, kept`] : []),
    ...leftLines(failures, unreadable),
  ];
}

function presentSurvey(job: SweepJob, survey: Survey): SweepPresented {
  const { objects, bytes, oldestMs, newestMs, samples, unknownAge, unreadable, failures } = survey;
  const oldest = oldestMs === null ? null : formatTime(oldestMs);
  const newest = newestMs === null ? null : formatTime(newestMs);
  return {
    json: {
      ...targetDocument(job),
      dry_run: true,
      matched: objects,
      bytes,
      oldest,
      newest,
      samples,
      unknown_age: unknownAge,
      unreadable,
      failures: failures.map(leftDocument),
    },
    lines: surveyLines(job, survey),
  };
}

function presentSwept(job: SweepJob, result: SweepResult): SweepPresented {
  const { tally, ending } = result;
  const { matched, deleted, deletedBytes, changed, failed, notTried, failures } = tally;
  return {
    json: {
      ...targetDocument(job),
      dry_run: false,
      complete: ending.kind === 'complete',
      stopped_by: nameEnding(ending),
      matched,
      deleted,
      changed,
      failed,
      not_tried: notTried,
      bytes: deletedBytes,
      failures: failures.map(leftDocument),
    },
    lines: leftLines(failures, failed),
    summary: summarise(job, result),
  };
}

function leftLines(failures: readonly LeftObject[], count: number): readonly string[] {
  const more = count - failures.length;
  return [
    ...failures.map(({ key, code, message }) => `left ${escapeControls(`${key}: ${code}: ${message}`)}`),
    ...(more > 0 ? [`left ${more} more`] : []),
  ];
}

function leftDocument({ key, versionId, code, message }: LeftObject): ObjectLeft {
  return { key, version_id: versionId, code, message };
}

/** One line; null for a sweep that failed before it matched anything. */
function summarise(job: SweepJob, { tally, ending }: SweepResult): string | null {
  const { matched, deleted, deletedBytes, changed, failed, notTried } = tally;
  if (ending.kind === 'failed' && matched + notTried === 0) return null;
  const stoppedBy =
    ending.kind === 'time' ? 'max-duration' : ending.kind === 'limit' ? nameLimitFlag(ending.limit) : null;
  const isBlocked = ending.kind === 'limit' && ending.blockedBy !== undefined;
  return [
    `deleted ${deleted} of ${matched} objects in ${nameTarget(job)}, ${formatBytes(deletedBytes)}`,
    ...(changed === 0 ? [] : [`kept ${changed} overwritten since the listing`]),
    ...(failed === 0 ? [] : [`${failed} left for the next sweep`]),
    ...(notTried === 0 ? [] : [`${notTried} not tried`]),
    ...(stoppedBy === null ? [] : [`stopped by --${stoppedBy}${isBlocked ? '' : ', the next sweep continues'}`]),
  ].join('; ');
}

/** Why a sweep stopped early; null if it is complete. */
function nameEnding(ending: SweepEnding): SweepDone['stopped_by'] {
  switch (ending.kind) {
    case 'complete':
      return null;
    case 'limit':
      return ending.limit;
    case 'time':
      return 'max_duration';
    case 'failed':
      return ending.error.code;
    default:
      return assertNever(ending);
  }
}

/** Adds the uploads to the result; `failed` if the number of aborted uploads is unknown. */
function addUploads(
  result: SweepPresented,
  { abortUploadsMs, isDryRun }: SweepJob,
  { uploads, isOutOfTime }: { readonly uploads: UploadTally | 'failed'; readonly isOutOfTime: boolean },
): SweepPresented {
  if (uploads === 'failed') return { ...result, json: { ...result.json, uploads: null } };
  const { matched, running, aborted, failed, notTried } = uploads;
  const counts = { matched, running, aborted, failed };
  const failures = uploads.failures.map(({ key, code, message }) => ({ key, code, message }));
  const olderThanMs = abortUploadsMs ?? 0;
  const noun = `unfinished ${matched === 1 ? 'upload' : 'uploads'} older than ${formatDuration(olderThanMs)}`;
  const left = failures.map(
    ({ key, code, message }) => `left upload of ${escapeControls(`${key}: ${code}: ${message}`)}`,
  );
  const rest = `${failed > 0 ? `, ${failed} left` : ''}${running > 0 ? `, ${running} still being sent` : ''}${notTried > 0 ? `, ${notTried} not tried` : ''}`;
  const done = `aborted ${aborted} of ${matched} ${noun}${rest}`;
  const stopped = isOutOfTime ? ['stopped by --max-duration, the next sweep continues'] : [];
  const summary = [...(typeof result.summary === 'string' ? [result.summary] : []), done, ...stopped].join('; ');
  const stoppedBy = isOutOfTime ? ({ stopped_by: 'max_duration' } as const) : {};
  return {
    ...result,
    json: {
      ...result.json,
      uploads: { older_than_ms: olderThanMs, ...counts, not_tried: notTried, ...stoppedBy, failures },
    },
    lines: [...(result.lines ?? []), ...left, ...(isDryRun ? [`${matched} ${noun}${rest}`] : [])],
    ...(isDryRun ? {} : { summary }),
  };
}

function targetDocument(job: SweepJob) {
  const { bucket, prefix, olderThanMs } = job;
  return { bucket, prefix, ...shardDocument(job), older_than_ms: olderThanMs };
}

/** Only with `--shard`. */
function shardDocument({ shard }: SweepJob): { readonly shard?: string } {
  return shard === null ? {} : { shard: formatShard(shard) };
}

/** `s3://bucket/prefix`, or `shard 1/8 of s3://bucket/prefix` */
function nameTarget({ bucket, prefix, shard }: Pick<SweepJob, 'bucket' | 'prefix' | 'shard'>): string {
  return `${shard === null ? '' : `shard ${formatShard(shard)} of `}s3://${bucket}/${escapeControls(prefix)}`;
}
