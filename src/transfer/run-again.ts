import { BreakwaterError, type ErrorCode } from '../errors.ts';

/** Failures of the moment: the same command, run again, may not meet them. */
const OF_THE_MOMENT: ReadonlySet<ErrorCode> = new Set([
  'unavailable',
  'checksum_mismatch',
  'object_changed',
  // Deleted since it was listed: the next run does not list it.
  'not_found',
  'source_changed',
  'circuit_open',
  'deadline',
  'locked',
  'interrupted',
]);

/** Errors after which a run over many objects can go on as it is. */
const RESUMABLE: ReadonlySet<ErrorCode> = new Set(['circuit_open', 'deadline', 'interrupted']);

/** Whether running the same command again can help, without anything being changed first. */
export function helpsToRunAgain({ code, details }: BreakwaterError): boolean {
  return OF_THE_MOMENT.has(code) && details.reason !== 'broken_link';
}

/** What to do about the failures of a run that has come to its end. @param failures at least one */
export function adviseAboutFailures(failures: readonly BreakwaterError[]): string {
  if (failures.some(helpsToRunAgain)) return 'run the command again to retry the failed objects';
  const [first] = failures;
  const isOneKind = failures.every(
    ({ code, details }) => code === first?.code && details.reason === first.details.reason,
  );
  return (isOneKind ? first?.details.hint : undefined) ?? 'remove the causes, then run the command again';
}

/** The error of a run whose every object S3 failed, with what it said of the first; as for a single object. */
export function allUnavailableError(count: number, first: BreakwaterError): BreakwaterError {
  const which = count === 1 ? 'the only object' : `each of ${count} objects`;
  return new BreakwaterError('unavailable', `S3 failed ${which}: ${first.message}`, {
    cause: first,
    details: first.details,
  });
}

/**
 * The error that ended a run over many objects, with the hint that running it again resumes: after what to do first, as
 * for an open circuit. Unchanged if the next run would end the same way.
 * @param kept what is not transferred again, in words
 */
export function withResumeHint(error: BreakwaterError, kept: string): BreakwaterError {
  const { code, message, details } = error;
  if (!RESUMABLE.has(code)) return error;
  const resume = `run the same command again to resume: ${kept}`;
  const hint = code === 'interrupted' || details.hint === undefined ? resume : `${details.hint}; ${resume}`;
  return new BreakwaterError(code, message, { cause: error, details: { ...details, hint } });
}
