import { BreakwaterError } from '../errors.ts';
import type { UploadTally } from './abort-uploads.ts';
import type { LimitReached } from './sweep-limits.ts';
import type { SweepResult } from './sweep.ts';
import type { SweepTally } from './tally.ts';

interface Strictness {
  /** Treats anything left undeleted as a failure. */
  readonly isStrict: boolean;
}

/** The failure that a sweep of objects ends with; null if none. Undeleted objects count only with `--strict`. */
export function findObjectFailure({ tally, ending }: SweepResult, { isStrict }: Strictness): BreakwaterError | null {
  const { matched, failed } = tally;
  if (ending.kind === 'failed') return ending.error;
  if (ending.kind === 'limit') {
    return new BreakwaterError('partial', `--${nameLimitFlag(ending.limit)} was reached; more objects remain`, {
      details: { reason: ending.limit, hint: 'run the sweep again to continue' },
    });
  }
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
  return new BreakwaterError('partial', '--max-duration passed before every object was checked', {
    details: { reason: 'max_duration', hint: 'run the sweep again to continue' },
  });
}

/** Whether something matched, and every delete failed or was kept. */
export function isNothingDeleted({ matched, deleted }: Pick<SweepTally, 'matched' | 'deleted'>): boolean {
  return matched > 0 && deleted === 0;
}

export const NOTHING_DELETED_HINT = 'see why in the failures; --verbose shows how the store handles conditions';

/** The failure that aborting uploads ends with; null if none. */
export function findUploadFailure({ matched, failed }: UploadTally, { isStrict }: Strictness): BreakwaterError | null {
  if (!isStrict || failed === 0) return null;
  return new BreakwaterError('partial', `${failed} of ${matched} unfinished uploads could not be aborted`);
}

/** `max-delete`, `max-bytes` */
export function nameLimitFlag(limit: LimitReached): string {
  return limit.replace('_', '-');
}
