import { DefaultRateLimiter } from '@smithy/core/retry';
import { after, onAbort, Pulse } from '../../abort.ts';
import type { Clock } from '../../clock.ts';
import type { RequestLimiter, RequestQueue } from '../../guard/guard.ts';
import { readFields } from '../../read-fields.ts';

/** The longest that the rate limiter may delay one request, in ms (cli.md, `--deadline`). */
export const RATE_LIMIT_WAIT_CAP_MS = 30_000;

/**
 * The lowest rate, in requests a second. With the SDK's floor of 0.5, the 15 retries of five failing operations would
 * take 30 s, and so would opening the circuit (measured: 33 s for 60 objects, 17 s with 1).
 */
const RATE_FLOOR = { minFillRate: 1 } as const;

interface Waiter {
  readonly rank: number;
  readonly grant: () => void;
}

/**
 * The SDK's adaptive rate limiter with an order and a bounded wait.
 *
 * The SDK serves requests in order of arrival: if a store throttles everything, all operations share the tokens, and
 * none finishes for a minute. Here the oldest operation goes first, so that each verdict comes as early as the rate
 * allows.
 *
 * The SDK's token bucket runs on the wall clock, so a clock set back by an hour would delay the next request by an
 * hour. At the bound the limiter starts over, and all requests are sent.
 */
export class BoundedRateLimiter implements RequestLimiter {
  readonly waitMaxMs = RATE_LIMIT_WAIT_CAP_MS;
  readonly #clock: Clock;
  readonly #idle = new Pulse();
  /** By rank, then by arrival. */
  readonly #waiters: Waiter[] = [];
  #limiter = new DefaultRateLimiter(RATE_FLOOR);
  #isThrottled = false;
  #queues = 0;
  /** The limiter whose token is being awaited. */
  #asked: DefaultRateLimiter | null = null;
  /** An unused token, which came when no request was waiting any more. */
  #hasToken = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isActive(): boolean {
    return this.#isThrottled;
  }

  readonly openQueue = (): RequestQueue => {
    const rank = this.#queues;
    this.#queues += 1;
    return { take: async (signal) => await this.#take(rank, signal) };
  };

  /** Resolves once no request is waiting; null if none is. @throws the signal's reason as soon as it aborts */
  waitUntilIdle(signal: AbortSignal): Promise<void> | null {
    return this.#waiters.length === 0 ? null : this.#waitUntilIdle(signal);
  }

  async #waitUntilIdle(signal: AbortSignal): Promise<void> {
    while (this.#waiters.length > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      using _idle = onAbort(this.#idle.next, () => resolve());
      using _signal = onAbort(signal, () => resolve());
      await promise;
      signal.throwIfAborted();
    }
  }

  /** For the SDK. Does not wait, because requests have already waited in `take`. */
  async getSendToken(): Promise<void> {
    await Promise.resolve();
  }

  updateClientSendingRate(response: unknown): void {
    this.#isThrottled ||= readFields(response)['errorType'] === 'THROTTLING';
    this.#limiter.updateClientSendingRate(response);
  }

  async #take(rank: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#isThrottled) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = { rank, grant: resolve };
    using _cap = after(this.#clock, RATE_LIMIT_WAIT_CAP_MS, () => this.#startOver());
    using _listening = onAbort(signal, () => {
      this.#remove(waiter);
      resolve();
    });
    const place = this.#waiters.findIndex((other) => other.rank > rank);
    this.#waiters.splice(place === -1 ? this.#waiters.length : place, 0, waiter);
    void this.#serve();
    await promise;
    signal.throwIfAborted();
  }

  /** Gets one token at a time from the SDK, and gives it to the oldest operation then waiting. */
  async #serve(): Promise<void> {
    const limiter = this.#limiter;
    if (this.#asked === limiter) return;
    this.#asked = limiter;
    while (this.#waiters.length > 0) {
      if (!this.#hasToken) await limiter.getSendToken();
      // The limiter has started over meanwhile.
      if (this.#limiter !== limiter) return;
      const [first] = this.#waiters;
      this.#hasToken = first === undefined;
      if (first !== undefined) this.#grant(first);
    }
    this.#asked = null;
  }

  #startOver(): void {
    this.#limiter = new DefaultRateLimiter(RATE_FLOOR);
    this.#isThrottled = false;
    this.#hasToken = false;
    for (let [first] = this.#waiters; first !== undefined; [first] = this.#waiters) this.#grant(first);
  }

  #grant(waiter: Waiter): void {
    this.#remove(waiter);
    waiter.grant();
  }

  /** Does nothing if already granted. */
  #remove(waiter: Waiter): void {
    const place = this.#waiters.indexOf(waiter);
    if (place === -1) return;
    this.#waiters.splice(place, 1);
    if (this.#waiters.length === 0) this.#idle.fire();
  }
}
