import { BreakwaterError } from '../errors.ts';
import { askForPermission, lacksPermission, type DeniedTarget } from '../permissions.ts';

/**
 * Denied objects after which a run ends, if the store has accepted none. As many as a policy on a few keys may deny at the
 * start of a tree, and few enough to spare the store the rest.
 */
const DENIALS_MAX = 10;

/** How the objects of a run have ended so far. */
interface RunSoFar {
  readonly done: number;
  readonly skipped: number;
  readonly failed: number;
  /** Those of the failed that the store denied. */
  readonly denied: number;
}

/** Whether the store denied an object to this user. One in an archive class is denied to everybody, until restored. */
export function isDenial({ code, details }: BreakwaterError): boolean {
  return code === 'access_denied' && details.s3Code !== 'InvalidObjectState';
}

/** Whether the run should end early, because the store has denied every object. */
export function shouldEndDenied(run: RunSoFar): boolean {
  return run.denied >= DENIALS_MAX && isAllDenied(run);
}

/** Whether a run had objects, and the store denied every one. */
export function isAllDenied({ done, skipped, failed, denied }: RunSoFar): boolean {
  return denied > 0 && denied === failed && done + skipped === 0;
}

/**
 * The error of a run whose every object was denied, with S3's words about the first.
 * @param asked what the run needs; a user who is unknown to the store needs something else first
 */
export function allDeniedError(run: RunSoFar, first: BreakwaterError, asked?: DeniedTarget): BreakwaterError {
  const { denied } = run;
  const which = denied === 1 ? 'the only object' : `each of ${denied} objects`;
  const ending = shouldEndDenied(run) ? `; stopped after ${denied} denials` : '';
  return new BreakwaterError('access_denied', `access denied to ${which}${ending}: ${first.message}`, {
    cause: first,
    details:
      asked !== undefined && lacksPermission(first.details.s3Code)
        ? { ...first.details, hint: askForPermission(asked) }
        : first.details,
  });
}
