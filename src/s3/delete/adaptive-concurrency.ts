import { onAbort } from '../../abort.ts';

/** The most requests at once. Ten fill a connection to S3; more would only wait in its queue. */
export const IN_FLIGHT_MAX = 16;

/** A cautious start, because S3's rate limit for a prefix counts one batch as a thousand deletes. */
export const FIRST_PACE: Pace = { inFlightMax: 4, answered: 0, epoch: 0 };

/** How many requests may be in flight, with the state that adapts this number. */
export interface Pace {
  readonly inFlightMax: number;
  /** Responses since the number last changed. */
  readonly answered: number;
  /** Rises with every cut, so that requests sent before a cut do not affect the number after it. */
  readonly epoch: number;
}

/** How one request ended, for the pace. */
export type PacedEnd = 'answered' | 'throttled' | 'failed';

/** Sends as many requests at once as the store can take; the others wait in order of arrival. */
export class PacedRequests {
  #pace: Pace = FIRST_PACE;
  #inFlight = 0;
  readonly #waiting = new Set<() => void>();

  /**
   * Runs one request as soon as the pace allows it.
   * @param judge classifies a failed request
   * @throws the signal's reason if it aborts the wait; otherwise the error of `request`
   */
  async run<T>(
    request: () => Promise<T>,
    { signal, judge }: { readonly signal: AbortSignal; readonly judge: (error: unknown) => PacedEnd },
  ): Promise<T> {
    await this.#enter(signal);
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

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#inFlight < this.#pace.inFlightMax) {
      this.#inFlight += 1;
      return;
    }
    const entered = Promise.withResolvers<void>();
    const { resolve } = entered;
    using _listening = onAbort(signal, (reason) => {
      this.#waiting.delete(resolve);
      entered.reject(reason);
    });
    this.#waiting.add(resolve);
    await entered.promise;
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
 * The pace after a request sent in `epoch` (additive increase, multiplicative decrease; RFC 5681, section 3.1). A
 * throttled request halves the number, once for all that were in flight together. After as many responses as may be in
 * flight it rises by one. Other failures do not show how much the store can take, so they change nothing.
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
