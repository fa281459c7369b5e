/** Most requests at once: ten fill a connection to S3, more only wait in its queue. */
export const IN_FLIGHT_MAX = 16;

/** A careful start: S3's limit for a prefix counts one batch as a thousand deletes. */
export const FIRST_PACE: Pace = { inFlightMax: 4, answered: 0, epoch: 0 };

/** How many requests may be in flight, and what that number rests on. */
export interface Pace {
  readonly inFlightMax: number;
  /** Responses since the number last changed. */
  readonly answered: number;
  /** Rises with every cut: how a request ended that was sent before the cut says nothing about the number after it. */
  readonly epoch: number;
}

/** How one request ended, as far as the pace is concerned. */
export type PacedEnd = 'answered' | 'throttled' | 'failed';

/** Sends as many requests at once as the store can take; the others wait in the order they came. */
export class PacedRequests {
  #pace: Pace = FIRST_PACE;
  #inFlight = 0;
  readonly #waiting = new Set<() => void>();

  /**
   * Runs one request as soon as the pace allows it.
   * @param judge how a failed request ended
   * @throws the signal's reason if it aborts the wait; otherwise what `request` throws
   */
  async run<T>(
    request: () => Promise<T>,
    { signal, judge }: { readonly signal: AbortSignal; readonly judge: (error: unknown) => PacedEnd },
  ): Promise<T> {
    await this.#takeTurn(signal);
    const { epoch } = this.#pace;
    let end: PacedEnd = 'answered';
    try {
      return await request();
    } catch (error) {
      end = judge(error);
      throw error;
    } finally {
      this.#inFlight -= 1;
      this.#pace = adaptPace(this.#pace, { end, epoch });
      this.#admit();
    }
  }

  async #takeTurn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#inFlight < this.#pace.inFlightMax) {
      this.#inFlight += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(enter);
        reject(signal.reason);
      };
      const enter = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiting.add(enter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #admit(): void {
    for (const enter of this.#waiting) {
      if (this.#inFlight >= this.#pace.inFlightMax) return;
      this.#waiting.delete(enter);
      this.#inFlight += 1;
      enter();
    }
  }
}

/**
 * The pace after a request that was sent in `epoch` (additive increase, multiplicative decrease; RFC 5681, section 3.1).
 * A throttled request halves the number, once for all that were in flight together. After as many responses as may be in
 * flight it rises by one. Other failures say nothing about how much the store can take.
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
