import { BreakwaterError, type ErrorCode } from '../errors.ts';

/** Temporary failures: the same command, run again, may succeed. */
const TEMPORARY: ReadonlySet<ErrorCode> = new Set([
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

/** Errors after which the same command resumes a run over many objects. */
const RESUMABLE: ReadonlySet<ErrorCode> = new Set(['circuit_open', 'deadline', 'interrupted']);

/** Whether running the same command again can help, without anything being changed first. */
export function helpsToRunAgain({ code, details }: BreakwaterError): boolean {
  return TEMPORARY.has(code) && details.reason !== 'broken_link';
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

/** The error of a run in which S3 failed every object. Its details are those of the first failure, as for a single object. */
export function allUnavailableError(count: number, first: BreakwaterError): BreakwaterError {
  const which = count === 1 ? 'the only object' : `each of ${count} objects`;
  return new BreakwaterError('unavailable', `S3 failed ${which}: ${first.message}`, {
    cause: first,
    details: first.details,
  });
}

/**
 * The error that ended a run over many objects, with the hint that running it again resumes, after the error's own hint,
 * such as that of an open circuit. Unchanged if the next run would end the same way.
 * @param kept what is not transferred again, in words
 */
export function withResumeHint(error: BreakwaterError, kept: string): BreakwaterError {
  const { code, message, details } = error;
  if (!RESUMABLE.has(code)) return error;
  const resume = `run the same command again to resume: ${kept}`;
  const hint = code === 'interrupted' || details.hint === undefined ? resume : `${details.hint}; ${resume}`;
  return new BreakwaterError(code, message, { cause: error, details: { ...details, hint } });
}
