import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BoundedRateLimiter, RATE_LIMIT_WAIT_CAP_MS } from '../../../../src/s3/connection/rate-limiter.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const THROTTLED = { errorType: 'THROTTLING', error: Object.assign(new Error('slow'), { name: 'SlowDown' }) };

/** One request of an operation of its own. */
async function take(limiter: BoundedRateLimiter, signal = new AbortController().signal): Promise<void> {
  await limiter.openQueue().take(signal);
}

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
    await Promise.all([take(limiter), take(limiter)]);
    expect(clock.sleeping).toBe(0);
  });

  it('holds a request back after a throttle, for as long as the limiter of the SDK says', async () => {
    const { clock, limiter } = createThrottled();
    const token = take(limiter);
    expect(await isDone(token)).toBe(false);
    await vi.advanceTimersByTimeAsync(5000);
    await token;
    expect(clock.sleeping).toBe(0);
  });

  it('holds no request back for longer than 30 s, and begins anew then', async () => {
    expect(RATE_LIMIT_WAIT_CAP_MS).toBe(30_000);
    const { clock, limiter } = createThrottled();
    const tokens = [take(limiter), take(limiter)];
    await clock.advance(RATE_LIMIT_WAIT_CAP_MS - 1);
    expect(await isDone(Promise.race(tokens))).toBe(false);
    await clock.advance(1);
    await Promise.all(tokens);
    // What it had learnt is gone with the clock that it had learnt it by.
    await take(limiter);
    expect(clock.sleeping).toBe(0);

    limiter.updateClientSendingRate(THROTTLED);
    expect(await isDone(take(limiter))).toBe(false);
  });
  it('sends the oldest operation first, however often it asks again', async () => {
    const { limiter } = createThrottled();
    const sent: string[] = [];
    const queues = ['oldest', 'middle', 'youngest'].map((name) => ({ name, queue: limiter.openQueue() }));
    const waits = queues.toReversed().map(async ({ name, queue }) => {
      for (let requests = 0; requests < 3; requests += 1) {
        await queue.take(new AbortController().signal);
        sent.push(name);
      }
    });
    await vi.advanceTimersByTimeAsync(15_000);
    await Promise.all(waits);
    expect(sent).toEqual(['oldest', 'middle', 'youngest'].flatMap((name) => Array(3).fill(name)));
  });

  it('sends at least one request a second, however much S3 throttles', async () => {
    const { limiter } = createThrottled();
    for (let throttled = 0; throttled < 50; throttled += 1) limiter.updateClientSendingRate(THROTTLED);
    let sent = 0;
    const waits = Array.from({ length: 10 }, async () => {
      await take(limiter);
      sent += 1;
      limiter.updateClientSendingRate(THROTTLED);
    });
    await vi.advanceTimersByTimeAsync(10_500);
    expect(sent).toBe(10);
    await Promise.all(waits);
  });

  it('ends a wait with the reason of the abort, and gives its token to the next', async () => {
    const { clock, limiter } = createThrottled();
    const stop = new AbortController();
    const stopped = take(limiter, stop.signal);
    const reason = new Error('stopped');
    stop.abort(reason);
    await expect(stopped).rejects.toBe(reason);
    expect(clock.sleeping).toBe(0);
    await vi.advanceTimersByTimeAsync(5000);
    await take(limiter);
  });

  it('is idle once no request is held back', async () => {
    const { limiter } = createThrottled();
    const { signal } = new AbortController();
    expect(limiter.waitUntilIdle(signal)).toBeNull();
    const token = take(limiter);
    const idle = limiter.waitUntilIdle(signal) ?? expect.fail('no request waits');
    expect(await isDone(idle)).toBe(false);
    await vi.advanceTimersByTimeAsync(5000);
    await Promise.all([token, idle]);

    const stop = new AbortController();
    const held = take(limiter, stop.signal);
    const interrupted = limiter.waitUntilIdle(stop.signal);
    stop.abort(new Error('stopped'));
    await expect(held).rejects.toThrow('stopped');
    await expect(interrupted).rejects.toThrow('stopped');
  });
});
