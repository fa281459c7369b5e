import { BreakwaterError } from '../../errors.ts';
import { adviseAboutFailures } from '../../transfer/run-again.ts';
import type { ItemFailed } from '../../documents/transfer-documents.ts';
import type { ItemFailure, ManyResult } from '../../transfer/run-many.ts';
import { formatBytes } from '../../ui/progress/progress-text.ts';
import type { CommandResult } from '../command-run.ts';
import { escapeControls } from '../../escape.ts';
import { errorLine } from './log-line.ts';

/**
 * The result of a command over many objects: one summary, and every failure by name. `failure` is the error that ended
 * the run early, or `partial` if some objects failed.
 */
export function presentMany(result: ManyResult, verb: 'sent' | 'received'): CommandResult {
  const { done, skipped, bytes, unverified, failed, failures, ended } = result;
  const json = {
    objects: done,
    skipped,
    bytes,
    ...(verb === 'received' ? { unverified } : {}),
    failed,
    failures: failures.map(itemFailureDocument),
  };
  const facts = [
    `${verb} ${done} ${done === 1 ? 'object' : 'objects'}, ${formatBytes(bytes)}`,
    ...(skipped === 0 ? [] : [`${skipped} already there`]),
    ...(unverified === 0 ? [] : [`${unverified} not verified`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ];
  const failure = ended ?? partialError(result);
  return {
    json,
    // Includes our code, as for a single object, because S3's message alone is not enough.
    lines: failures.map(itemFailureLine),
    summary: facts.join('; '),
    ...(failure === null ? {} : { failure }),
  };
}

export function itemFailureDocument({ name, error }: ItemFailure): ItemFailed {
  return {
    name,
    code: error.code,
    message: error.message,
    http_status: error.details.httpStatus ?? null,
    request_id: error.details.requestId ?? null,
  };
}

export function itemFailureLine({ name, error }: ItemFailure): string {
  return `failed ${escapeControls(name)}: ${escapeControls(errorLine(error).text)}`;
}

/** What a run of many objects ends with if some of them failed; null if none did. */
export function partialError({
  done,
  skipped,
  failed,
  failures,
}: Pick<ManyResult, 'done' | 'skipped' | 'failed' | 'failures'>): BreakwaterError | null {
  if (failed === 0) return null;
  const [first] = failures;
  const named = first === undefined ? '' : `, the first: ${escapeControls(errorLine(first.error).text)}`;
  const hint = adviseAboutFailures(failures.map(({ error }) => error));
  return new BreakwaterError('partial', `${failed} of ${done + skipped + failed} objects failed${named}`, {
    details: { hint },
  });
}
