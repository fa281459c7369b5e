/** How many requests may be on their way at once, and what it was learned from. */
export interface Pace {
  readonly inFlightMax: number;
  /** Answers since the number last changed. */
  readonly answered: number;
  /** Rises with every cut: what was sent before it says nothing about the number after it. */
  readonly epoch: number;
}

/** Most requests at once: ten fill a connection to S3, more only wait in its queue. */
export const IN_FLIGHT_MAX = 16;

/** A careful beginning: one batch counts as a thousand deletes where S3 limits by the prefix. */
export const FIRST_PACE: Pace = { inFlightMax: 4, answered: 0, epoch: 0 };

/** How one request ended, as far as the pace is concerned. */
export type PacedEnd = 'answered' | 'throttled' | 'failed';

/**
 * The pace after a request that was sent in `epoch` (additive increase, multiplicative decrease; RFC 5681, section 3.1):
 * half as many for a throttled one, once for all that were on their way together; one more after as many answers as are
 * allowed at once. Other faults say nothing about how much the store can take.
 */
export function adaptPace(pace: Pace, { end, epoch }: { readonly end: PacedEnd; readonly epoch: number }): Pace {
  if (epoch !== pace.epoch || end === 'failed') return pace;
  if (end === 'throttled') {
    return { inFlightMax: Math.max(1, Math.floor(pace.inFlightMax / 2)), answered: 0, epoch: epoch + 1 };
  }
  const answered = pace.answered + 1;
  if (answered < pace.inFlightMax || pace.inFlightMax >= IN_FLIGHT_MAX) return { ...pace, answered };
  return { ...pace, inFlightMax: pace.inFlightMax + 1, answered: 0 };
}
