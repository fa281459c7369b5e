import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BoundedRateLimiter, RATE_LIMIT_WAIT_CAP_MS } from '../../../../src/s3/connection/rate-limiter.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const THROTTLED = { errorType: 'THROTTLING', error: Object.assign(new Error('slow'), { name: 'SlowDown' }) };

/** Whether a promise is done when everything that could run has run. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  return done;
}

describe('the bounded rate limiter', () => {
  beforeEach(() => {
    // The limiter of the SDK has a clock and timers of its own: here they stand still until the test moves them.
    vi.useFakeTimers({ toFake: ['setTimeout', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function createThrottled(): { clock: VirtualClock; limiter: BoundedRateLimiter } {
    const clock = new VirtualClock();
    const limiter = new BoundedRateLimiter(clock);
    limiter.updateClientSendingRate(THROTTLED);
    return { clock, limiter };
  }

  it('lets everything pass before the first throttle', async () => {
    const clock = new VirtualClock();
    const limiter = new BoundedRateLimiter(clock);
    await Promise.all([limiter.getSendToken(), limiter.getSendToken()]);
    expect(clock.sleeping).toBe(0);
  });

  it('holds a request back after a throttle, for as long as the limiter of the SDK says', async () => {
    const { clock, limiter } = createThrottled();
    const token = limiter.getSendToken();
    expect(await isDone(token)).toBe(false);
    await vi.advanceTimersByTimeAsync(5000);
    await token;
    expect(clock.sleeping).toBe(0);
  });

  it('holds no request back for longer than 30 s, and begins anew then', async () => {
    expect(RATE_LIMIT_WAIT_CAP_MS).toBe(30_000);
    const { clock, limiter } = createThrottled();
    const tokens = [limiter.getSendToken(), limiter.getSendToken()];
    await clock.advance(RATE_LIMIT_WAIT_CAP_MS - 1);
    expect(await isDone(Promise.race(tokens))).toBe(false);
    await clock.advance(1);
    await Promise.all(tokens);
    // What it had learnt is gone with the clock that it had learnt it by.
    await limiter.getSendToken();
    expect(clock.sleeping).toBe(0);

    limiter.updateClientSendingRate(THROTTLED);
    expect(await isDone(limiter.getSendToken())).toBe(false);
  });
});
