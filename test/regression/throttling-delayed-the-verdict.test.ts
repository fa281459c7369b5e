/**
 * Met: against a store that answered every request with SlowDown, a `put -r` of 60 small objects ended after 76 s. The
 *   circuit had opened after 52 s, and the run went on for 24 s more.
 * Cause: the tokens of the rate limiter went to whichever request asked first, so 16 objects shared them and none came
 *   to its last retry; and nothing ended the waits of the others when the circuit opened.
 * Fix: the oldest operation goes first, the rate never falls below one request a second, no further object begins while
 *   requests are held back, and waits end when the command opens its circuit.
 */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { CommandCircuit } from '../../src/guard/command-circuit.ts';
import { runGuarded } from '../../src/guard/guarded-operation.ts';
import type { Guard } from '../../src/guard/guard.ts';
import { BoundedRateLimiter } from '../../src/s3/connection/rate-limiter.ts';
import { runMany } from '../../src/transfer/run-many.ts';
import { CIRCUIT, FakeCircuits } from '../support/fake-circuits.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { TARGET } from '../support/guarded-run.ts';

/** The limiter of the SDK reads the clock and the timers of the machine, so here everything runs on faked ones. */
const fakedClock: Clock = {
  now: () => Date.now(),
  monotonic: () => Date.now(),
  sleep: async (delayMs, signal) => {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, delayMs);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    });
  },
};

const SLOW_DOWN = Object.assign(new Error('reduce your rate'), {
  name: 'SlowDown',
  $metadata: { httpStatusCode: 503 },
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function* names(count: number): AsyncGenerator<{ name: string }> {
  for (let index = 0; index < count; index += 1) yield await Promise.resolve({ name: `${index}` });
}

/** A run of 60 objects, of which the store throttles every request from that one on. */
async function runThrottled(from: number) {
  const circuits = new FakeCircuits(fakedClock);
  const limiter = new BoundedRateLimiter(fakedClock);
  const { gate } = circuits.startProcess();
  const { guard: fake } = createFakeGuard();
  const guard: Guard = { ...fake, clock: fakedClock, circuit: new CommandCircuit(gate, CIRCUIT), limiter };
  const startMs = Date.now();
  const log = { requests: 0, objects: 0, openedAfterMs: null as number | null };
  const answer = async (): Promise<void> => {
    log.requests += 1;
    const isThrottled = log.requests >= from;
    await fakedClock.sleep(20);
    limiter.updateClientSendingRate(isThrottled ? { errorType: 'THROTTLING' } : {});
    if (isThrottled) throw SLOW_DOWN;
  };
  const send = async (_item: object, signal: AbortSignal): Promise<{ bytes: number }> => {
    log.objects += 1;
    try {
      await runGuarded({ ...guard, signal }, TARGET, async (requests) => await requests.send(answer));
    } finally {
      if (circuits.state === 'open') log.openedAfterMs ??= Date.now() - startMs;
    }
    return { bytes: 1 };
  };
  const run = runMany(names(60), send, {
    objectsInFlight: 64,
    hasRoom: () => true,

    beforeEach: (signal) => limiter.waitUntilIdle(signal),
  });
  const end = { afterMs: Infinity };
  const ended = run
    .then(
      (result) => result.ended,
      (error: unknown) => error,
    )
    .finally(() => {
      end.afterMs = Date.now() - startMs;
    });
  for (let turns = 0; turns < 2000 && end.afterMs === Infinity; turns += 1) await vi.advanceTimersByTimeAsync(100);
  return { ...log, ended: await ended, endedAfterMs: end.afterMs };
}

it.each([
  ['the first request on', 1, 16],
  ['the middle of the run on', 31, 60],
])(
  'opens the circuit and ends within 25 s when a store throttles everything from %s',
  async (_what, from, objectsMax) => {
    const { ended, endedAfterMs, openedAfterMs, objects } = await runThrottled(from);
    expect(ended).toMatchObject({ code: 'circuit_open', details: { reason: 'open' } });
    expect(endedAfterMs).toBeLessThan(20_000);
    expect(endedAfterMs - (openedAfterMs ?? 0)).toBeLessThan(1000);
    expect(objects).toBeLessThanOrEqual(objectsMax + 16);
  },
);
