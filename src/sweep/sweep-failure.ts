import { BreakwaterError } from '../errors.ts';
import type { UploadsSwept } from './abort-uploads.ts';
import type { LimitReached } from './sweep-limits.ts';
import type { SweepItem } from './sweep-item.ts';
import type { SweepEnding, SweepResult } from './sweep.ts';
import { isTimeOver } from './time-is-over.ts';
import type { SweepTally } from './tally.ts';

interface Strictness {
  /** Treats anything left undeleted as a failure. */
  readonly isStrict: boolean;
}

/** The failure that a sweep of objects ends with; null if none. Undeleted objects count only with `--strict`. */
export function findObjectFailure({ tally, ending }: SweepResult, { isStrict }: Strictness): BreakwaterError | null {
  const { matched, failed } = tally;
  if (ending.kind === 'failed') return ending.error;
  if (ending.kind === 'limit') return limitError(ending);
  if (!isStrict) return null;
  if (isNothingDeleted(tally)) {
    return new BreakwaterError('partial', `none of the ${matched} objects that matched was deleted`, {
      details: { reason: 'nothing_deleted', hint: NOTHING_DELETED_HINT },
    });
  }
  if (failed > 0) {
    return new BreakwaterError('partial', `${failed} of ${matched} objects could not be deleted`, {
      details: { hint: 'the next sweep will retry them' },
    });
  }
  if (ending.kind === 'complete') return null;
  return timeOverError('object');
}

function limitError({ limit, blockedBy }: Extract<SweepEnding, { kind: 'limit' }>): BreakwaterError {
  const flag = nameLimitFlag(limit);
  const hint = blockedBy === undefined ? 'run the sweep again to continue' : explainBlock(blockedBy, flag);
  return new BreakwaterError('partial', `--${flag} was reached; more objects remain`, {
    details: { reason: limit, hint },
  });
}

/** Why not even the first object could be deleted. */
function explainBlock({ key, sizeBytes }: SweepItem, flag: string): string {
  const name = JSON.stringify(key);
  return sizeBytes === null
    ? `the size of ${name} is not known: add --min-size 0B to look sizes up, or leave --${flag} out`
    : `${name} alone has ${sizeBytes} bytes: raise --${flag}, or keep the object with --exclude or --max-size`;
}

function timeOverError(what: 'object' | 'upload'): BreakwaterError {
  return new BreakwaterError('partial', `--max-duration passed before every ${what} was checked`, {
    details: { reason: 'max_duration', hint: 'run the sweep again to continue' },
  });
}

/** Whether something matched, and every delete failed or was kept. */
export function isNothingDeleted({ matched, deleted }: Pick<SweepTally, 'matched' | 'deleted'>): boolean {
  return matched > 0 && deleted === 0;
}

export const NOTHING_DELETED_HINT = 'see why in the failures; --verbose shows how the store handles conditions';

/** The failure that aborting uploads ends with; null if none. */
export function findUploadFailure({ tally, error }: UploadsSwept, { isStrict }: Strictness): BreakwaterError | null {
  const { matched, failed } = tally;
  if (error !== null && !isTimeOver(error)) return error;
  if (!isStrict) return null;
  if (error !== null) return timeOverError('upload');
  if (failed === 0) return null;
  return new BreakwaterError('partial', `${failed} of ${matched} unfinished uploads could not be aborted`);
}

/** `max-delete`, `max-bytes` */
export function nameLimitFlag(limit: LimitReached): string {
  return limit.replace('_', '-');
}
