import { adaptPace, FIRST_PACE, type Pace, type PacedEnd } from './pace.ts';

/** Lets through as many requests at once as the store takes; the others wait in the order they came. */
export class PacedRequests {
  #pace: Pace = FIRST_PACE;
  #inFlight = 0;
  readonly #waiting = new Set<() => void>();

  /**
   * Runs one request when its turn has come.
   * @param judge how a failed one ended
   * @throws the signal's reason while it waits; whatever `request` throws
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
