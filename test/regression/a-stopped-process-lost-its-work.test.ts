/**
 * Met: while a `get` was stopped for over a minute (Ctrl-Z, a suspended machine), another `get` removed its temporary
 *   file; woken up, the first one failed.
 * Cause: a claim ended with its lease, although the machine could tell that its owner lived.
 * Fix: the lease counts only where nobody can tell.
 */
import { expect, it } from 'vitest';
import { identifyProcess } from '../../src/state/process-identity.ts';
import { openUnfinishedWork } from '../../src/state/stored-work.ts';
import { createTestState } from '../support/state.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const HOUR_MS = 3_600_000;

it('keeps the claim of a living process that does not renew it', async () => {
  await using test = await createTestState();
  const state = test.open();
  const clock = new VirtualClock();
  // It lives, and its timers do not run.
  const stopped: Parameters<typeof state.claims.take>[1] = {
    process: identifyProcess('get'),
    now: clock.now,
    leaseMs: 60_000,
    checkOwner: () => 'dead',
  };
  expect(state.claims.take('download a', stopped)).toBeNull();
  await clock.advance(HOUR_MS);
  const work = openUnfinishedWork(
    {
      clock,
      state: async () => await Promise.resolve(state),
      processIdentity: () => ({ ...identifyProcess('get'), command: 'another' }),
      onClose: () => undefined,
    },
    'download',
  );
  expect(await work.claim('a')).toBeNull();
  expect(await work.isClaimed('a')).toBe(true);
});
