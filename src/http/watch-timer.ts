import type { Clock } from '../clock.ts';
import type { RequestWatch } from './request-watch.ts';

/** Without a reason, each abort creates an error with a stack. */
const NOBODY = 'no request is left';

/**
 * Watches all requests of one client with a single timer. One per request, with its signal, promise and events, would
 * add considerably to the cost of a small object.
 */
export class WatchTimer {
  readonly #clock: Clock;
  readonly #watches = new Set<RequestWatch>();
  #sleep: AbortController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Watches a request from now on. All requests must have the same limits. */
  add(watch: RequestWatch): void {
    this.#watches.add(watch);
    if (this.#sleep === null) void this.#run((this.#sleep = new AbortController()));
  }

  remove(watch: RequestWatch): void {
    this.#watches.delete(watch);
    if (this.#watches.size > 0) return;
    // A running timer would keep the process alive.
    this.#sleep?.abort(NOBODY);
    this.#sleep = null;
  }

  async #run(sleep: AbortController): Promise<void> {
    while (!sleep.signal.aborted) {
      let waitMs = Infinity;
      for (const watch of this.#watches) waitMs = Math.min(waitMs, watch.check());
      await this.#clock.sleep(waitMs, sleep.signal).catch(() => undefined);
    }
  }
}
