import { BreakwaterError } from '../errors.ts';
import type { SweepRequest } from '../sweep/sweep.ts';
import type { Survey, SweepTally } from '../sweep/tally.ts';
import { describeBytes } from '../ui/progress-text.ts';
import type { CommandResult } from './command-run.ts';
import { formatDuration } from '../duration.ts';
import { escapeControls } from './escape.ts';
import { formatTime } from '../clock.ts';

/** What a sweep would delete: count, bytes, oldest, newest and a few names. */
export function presentSurvey(request: SweepRequest, survey: Survey): CommandResult {
  const { objects, bytes, oldestMs, newestMs, samples } = survey;
  const oldest = oldestMs === null ? null : formatTime(oldestMs);
  const newest = newestMs === null ? null : formatTime(newestMs);
  return {
    json: { ...describeRequest(request), dry_run: true, matched: objects, bytes, oldest, newest, samples },
    lines: [
      `${objects} ${objects === 1 ? 'object' : 'objects'} older than ${formatDuration(request.olderThanMs)} in ${nameOf(request)}, ${describeBytes(bytes)}`,
      ...(objects === 0 ? [] : [`oldest ${oldest}, newest ${newest}`]),
      ...samples.map((key) => `  ${escapeControls(key)}`),
      ...(objects > samples.length ? [`  and ${objects - samples.length} more`] : []),
    ],
  };
}

/** What a sweep did. Leftovers are no failure: the next sweep finds them; `--strict` makes them one. */
export function presentTally(
  request: SweepRequest,
  tally: SweepTally,
  { isStrict }: { isStrict: boolean },
): CommandResult {
  const { matched, deleted, deletedBytes, failed, failures } = tally;
  const left = failed === 0 ? '' : `; ${failed} left for the next sweep`;
  return {
    json: { ...describeRequest(request), dry_run: false, matched, deleted, failed, bytes: deletedBytes, failures },
    lines: failures.map(({ key, code, message }) => `left ${escapeControls(`${key}: ${code}: ${message}`)}`),
    summary: `deleted ${deleted} of ${matched} objects in ${nameOf(request)}, ${describeBytes(deletedBytes)}${left}`,
    ...(isStrict && failed > 0
      ? {
          failure: new BreakwaterError('partial', `${failed} of ${matched} objects could not be deleted`, {
            details: { hint: 'the next sweep tries again' },
          }),
        }
      : {}),
  };
}

function describeRequest({ bucket, prefix, olderThanMs }: SweepRequest): Readonly<Record<string, unknown>> {
  return { bucket, prefix, older_than_ms: olderThanMs };
}

function nameOf({ bucket, prefix }: SweepRequest): string {
  return `s3://${bucket}/${escapeControls(prefix)}`;
}
