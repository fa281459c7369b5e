import type { Clock } from '../clock.ts';
import type { RequestWatch } from './request-watch.ts';

/** A reason of one's own: without one, each abort makes an error with a stack. */
const NOBODY = 'no request is left';

/**
 * Looks after the requests of one client with one timer. A timer for each request, with its signal, its promise and
 * their events, is a good part of what a small object costs.
 */
export class RequestRounds {
  readonly #clock: Clock;
  readonly #watches = new Set<RequestWatch>();
  #nap: AbortController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From here on it is ended should it take too long. All that are added have the same limits. */
  add(watch: RequestWatch): void {
    this.#watches.add(watch);
    if (this.#nap === null) void this.#run((this.#nap = new AbortController()));
  }

  remove(watch: RequestWatch): void {
    this.#watches.delete(watch);
    if (this.#watches.size > 0) return;
    // The timer would keep the process waiting.
    this.#nap?.abort(NOBODY);
    this.#nap = null;
  }

  async #run(nap: AbortController): Promise<void> {
    while (!nap.signal.aborted) {
      let napMs = Infinity;
      for (const watch of this.#watches) napMs = Math.min(napMs, watch.check());
      await this.#clock.sleep(napMs, nap.signal).catch(() => undefined);
    }
  }
}
