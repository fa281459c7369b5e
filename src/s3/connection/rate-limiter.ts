import { DefaultRateLimiter } from '@smithy/core/retry';
import type { Clock } from '../../clock.ts';
import { readFields } from '../../read-fields.ts';

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
  #isThrottled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param signal ends the wait */
  async getSendToken(signal?: AbortSignal): Promise<void> {
    // It holds nothing back until S3 has throttled once, and thousands of small objects need not ask.
    if (!this.#isThrottled) return;
    const limiter = this.#limiter;
    const bound = new AbortController();
    const stop = (): void => bound.abort(DONE);
    signal?.addEventListener('abort', stop);
    const isHeldBack = await Promise.race([
      limiter.getSendToken().then(() => false),
      this.#clock.sleep(RATE_LIMIT_WAIT_CAP_MS, bound.signal).then(
        () => true,
        () => false,
      ),
    ]).finally(() => {
      signal?.removeEventListener('abort', stop);
      stop();
    });
    if (!isHeldBack || this.#limiter !== limiter) return;
    this.#limiter = new DefaultRateLimiter();
    this.#isThrottled = false;
  }

  updateClientSendingRate(response: unknown): void {
    this.#isThrottled ||= readFields(response)['errorType'] === 'THROTTLING';
    this.#limiter.updateClientSendingRate(response);
  }
}
