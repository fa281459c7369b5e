/**
 * Met: against a store that throttled every request, a run went on for 24 s after it had opened its own circuit.
 * Cause: an object that waited for its next attempt looked at the circuit only when the wait was over.
 * Fix: a failure that opens the circuit ends the waits of all operations of its command.
 */
import { expect, it } from 'vitest';
import { BreakwaterError } from '../../src/errors.ts';
import { runGuarded } from '../../src/guard/guarded-operation.ts';
import type { RequestLimiter } from '../../src/guard/guard.ts';
import { SLOW_DOWN, takePermit } from '../support/fake-circuits.ts';
import { prepare, reset, TARGET } from '../support/guarded-run.ts';

/** Holds back every request for an hour, once it is active. */
function createLimiter(sleep: (ms: number, signal: AbortSignal) => Promise<void>) {
  const limiter: RequestLimiter & { isActive: boolean } = {
    isActive: false,
    waitMaxMs: 3_600_000,
    openQueue: () => ({ take: async (signal) => await sleep(3_600_000, signal) }),
  };
  return limiter;
}

it('stops chains in a backoff or behind the rate limiter at once', async () => {
  const { guard: given, clock, circuits, process } = prepare({ retry: { retries: 3, baseMs: 1000, jitter: 'none' } });
  const limiter = createLimiter(clock.sleep);
  const guard = { ...given, limiter };
  const startMs = clock.monotonic();
  const ends: { atMs: number; error: BreakwaterError }[] = [];
  const start = async (retries: number): Promise<void> => {
    const settings = { ...guard.settings, retry: { ...guard.settings.retry, retries } };
    try {
      await runGuarded({ ...guard, settings }, TARGET, async (requests) => await requests.send(reset));
    } catch (error) {
      if (error instanceof BreakwaterError) ends.push({ atMs: clock.monotonic() - startMs, error });
    }
  };
  // Four failures, and three chains: one in a long backoff, one behind the limiter with a failure, one without.
  for (let failures = 0; failures < 4; failures += 1) await start(0);
  const inBackoff = start(9);
  await clock.advance(100_000);
  limiter.isActive = true;
  const heldBack = start(3);
  await clock.advance(100);
  expect(ends).toHaveLength(4);
  limiter.isActive = false;
  const held = start(3);
  await clock.advance(100);
  limiter.isActive = true;
  await clock.advance(1400);
  const opening = takePermit(process.gate);
  void guard.circuit?.settle(opening, 'failure', SLOW_DOWN);
  await clock.advance(0);
  expect(circuits.state).toBe('open');
  expect(ends.slice(4).map(({ atMs }) => atMs)).toEqual([101_600, 101_600, 101_600]);
  const codes = ends
    .slice(4)
    .map(({ error }) => [error.code, error.cause instanceof BreakwaterError ? error.cause.code : ''].join(' '));
  expect(codes.toSorted((a, b) => a.localeCompare(b))).toEqual([
    'circuit_open ',
    'unavailable circuit_open',
    'unavailable circuit_open',
  ]);
  await Promise.all([inBackoff, heldBack, held]);
});

it('looks at the circuit before the request when others have opened it behind the limiter', async () => {
  const { guard: given, clock, circuits, kinds } = prepare();
  const limiter = createLimiter(clock.sleep);
  limiter.isActive = true;
  const held = runGuarded({ ...given, limiter }, TARGET, async (requests) => await requests.send(reset));
  held.catch(() => undefined);
  await clock.advance(3_599_000);
  circuits.open();
  await expect(clock.runUntilSettled(held)).rejects.toMatchObject({ code: 'circuit_open' });
  expect(kinds()).not.toContain('request_started');
});
