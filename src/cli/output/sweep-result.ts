import { formatTime } from '../../clock.ts';
import { formatDuration } from '../../duration.ts';
import { assertNever, BreakwaterError } from '../../errors.ts';
import type { SweepEnding, SweepResult } from '../../sweep/sweep.ts';
import type { LeftObject, Survey, SweepTally } from '../../sweep/tally.ts';
import { formatBytes } from '../../ui/progress/progress-text.ts';
import type { CommandResult } from '../command-run.ts';
import { escapeControls } from '../../ui/escape.ts';

/** What was asked for, as far as it is told again. */
export interface SweptPlace {
  readonly bucket: string;
  readonly prefix: string;
  readonly olderThanMs: number;
}

/** What a sweep would delete: count, bytes, oldest, newest and a few names. */
export function presentSurvey(place: SweptPlace, survey: Survey): CommandResult {
  const { objects, bytes, oldestMs, newestMs, samples } = survey;
  const oldest = oldestMs === null ? null : formatTime(oldestMs);
  const newest = newestMs === null ? null : formatTime(newestMs);
  return {
    json: { ...describePlace(place), dry_run: true, matched: objects, bytes, oldest, newest, samples },
    lines: [
      `${objects} ${objects === 1 ? 'object' : 'objects'} older than ${formatDuration(place.olderThanMs)} in ${nameOf(place)}, ${formatBytes(bytes)}`,
      ...(oldest === null || newest === null ? [] : [`oldest ${oldest}, newest ${newest}`]),
      ...samples.map((key) => `  ${escapeControls(key)}`),
      ...(objects > samples.length ? [`  and ${objects - samples.length} more`] : []),
    ],
  };
}

/** What a sweep did. Leftovers are no failure: the next sweep finds them; `--strict` makes them one. */
export function presentSwept(
  place: SweptPlace,
  result: SweepResult,
  { isStrict }: { readonly isStrict: boolean },
): CommandResult {
  const { tally, ending } = result;
  const { matched, deleted, deletedBytes, changed, failed, failures } = tally;
  const failure = findFailure(tally, ending, isStrict);
  const more = failed - failures.length;
  return {
    json: {
      ...describePlace(place),
      dry_run: false,
      complete: ending.kind === 'complete',
      stopped_by: nameEnding(ending),
      matched,
      deleted,
      changed,
      failed,
      bytes: deletedBytes,
      failures: failures.map(describeLeft),
    },
    lines: [
      ...failures.map(({ key, code, message }) => `left ${escapeControls(`${key}: ${code}: ${message}`)}`),
      ...(more > 0 ? [`left ${more} more`] : []),
    ],
    summary: summarise(place, result),
    ...(failure === null ? {} : { failure }),
  };
}

/** One line; none of a sweep that failed before it had begun. */
function summarise(place: SweptPlace, { tally, ending }: SweepResult): string | null {
  const { matched, deleted, deletedBytes, changed, failed } = tally;
  if (ending.kind === 'failed' && matched === 0) return null;
  const stoppedBy = ending.kind === 'time' ? 'max-duration' : ending.kind === 'limit' ? flagOf(ending) : null;
  return [
    `deleted ${deleted} of ${matched} objects in ${nameOf(place)}, ${formatBytes(deletedBytes)}`,
    ...(changed === 0 ? [] : [`${changed} overwritten since, left alone`]),
    ...(failed === 0 ? [] : [`${failed} left for the next sweep`]),
    ...(stoppedBy === null ? [] : [`stopped by --${stoppedBy}, the next sweep goes on`]),
  ].join('; ');
}

/** Why a sweep stopped before it was through; null where it was. */
function nameEnding(ending: SweepEnding): string | null {
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

function findFailure({ matched, failed }: SweepTally, ending: SweepEnding, isStrict: boolean): BreakwaterError | null {
  if (ending.kind === 'failed') return ending.error;
  if (ending.kind === 'limit') {
    return new BreakwaterError('partial', `--${flagOf(ending)} was reached, and there is more to delete`, {
      details: { reason: ending.limit, hint: 'the next sweep goes on' },
    });
  }
  if (!isStrict) return null;
  if (failed > 0) {
    return new BreakwaterError('partial', `${failed} of ${matched} objects could not be deleted`, {
      details: { hint: 'the next sweep tries again' },
    });
  }
  if (ending.kind === 'complete') return null;
  return new BreakwaterError('partial', '--max-duration was over before everything had been looked at', {
    details: { reason: 'max_duration', hint: 'the next sweep goes on' },
  });
}

function flagOf({ limit }: Extract<SweepEnding, { kind: 'limit' }>): string {
  return limit.replace('_', '-');
}

function describeLeft({ key, versionId, code, message }: LeftObject): Readonly<Record<string, unknown>> {
  return { key, version_id: versionId, code, message };
}

function describePlace({ bucket, prefix, olderThanMs }: SweptPlace): Readonly<Record<string, unknown>> {
  return { bucket, prefix, older_than_ms: olderThanMs };
}

function nameOf({ bucket, prefix }: SweptPlace): string {
  return `s3://${bucket}/${escapeControls(prefix)}`;
}
