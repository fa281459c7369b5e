import { DefaultRateLimiter } from '@smithy/core/retry';
import type { Clock } from '../clock.ts';

/** A reason of one's own: without one, each abort makes an exception with its stack. */
const DONE = 'done';

/** The longest the rate limiter alone may hold back one request, in ms (cli.md, `--deadline`). */
export const RATE_LIMIT_WAIT_CAP_MS = 30_000;

/**
 * The SDK's adaptive rate limiter with a bound on its wait.
 *
 * Its token bucket runs on the wall clock: a clock stepped back by an hour would hold the next request for an
 * hour. At the bound the request goes out, and the limiter begins anew with what it then learns.
 */
export class BoundedRateLimiter {
  readonly #clock: Clock;
  #limiter = new DefaultRateLimiter();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async getSendToken(): Promise<void> {
    const limiter = this.#limiter;
    const bound = new AbortController();
    const isHeldBack = await Promise.race([
      limiter.getSendToken().then(() => false),
      this.#clock.sleep(RATE_LIMIT_WAIT_CAP_MS, bound.signal).then(
        () => true,
        () => false,
      ),
    ]).finally(() => bound.abort(DONE));
    if (isHeldBack && this.#limiter === limiter) this.#limiter = new DefaultRateLimiter();
  }

  updateClientSendingRate(response: unknown): void {
    this.#limiter.updateClientSendingRate(response);
  }
}
