import { DefaultRateLimiter } from '@smithy/core/retry';
import { after, onAbort } from '../../abort.ts';
import type { Clock } from '../../clock.ts';
import { readFields } from '../../read-fields.ts';

/** The longest the rate limiter alone may hold back one request, in ms (cli.md, `--deadline`). */
export const RATE_LIMIT_WAIT_CAP_MS = 30_000;

/**
 * The SDK's adaptive rate limiter with a bound on its wait.
 *
 * Its token bucket runs on the wall clock: a clock set back by an hour would hold the next request for an hour. At the
 * bound the request is sent, and the limiter starts over.
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
    // It delays nothing until S3 has throttled once; skipping it saves time for thousands of small objects.
    if (!this.#isThrottled) return;
    const limiter = this.#limiter;
    const { promise: wait, resolve: endWait } = Promise.withResolvers<boolean>();
    using _cap = after(this.#clock, RATE_LIMIT_WAIT_CAP_MS, () => endWait(true));
    using _listening = signal && onAbort(signal, () => endWait(false));
    const isHeldBack = await Promise.race([limiter.getSendToken().then(() => false), wait]);
    if (!isHeldBack || this.#limiter !== limiter) return;
    this.#limiter = new DefaultRateLimiter();
    this.#isThrottled = false;
  }

  updateClientSendingRate(response: unknown): void {
    this.#isThrottled ||= readFields(response)['errorType'] === 'THROTTLING';
    this.#limiter.updateClientSendingRate(response);
  }
}
