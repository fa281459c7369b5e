/**
 * Met: a command that ended while it asked the engine, as a live screen does, kept every process of its host from asking
 *   a healthy engine for 5 s.
 * Cause: closing the connection fails the call in flight, and that failure was kept like one of the engine.
 * Fix: nothing is kept once the link is closed (src/fleet/fleet-link.ts).
 */
import { expect, it } from 'vitest';
import { FleetFailure } from '../../src/circuit/fleet-store.ts';
import { FleetLink } from '../../src/fleet/fleet-link.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

it.each([
  [true, 0],
  [false, 1],
])('keeps a failure of a call only while it is open (closed: %s)', async (isClosed, kept) => {
  let noted = 0;
  const answer = Promise.withResolvers<never>();
  const asked = Promise.withResolvers<void>();
  const link = new FleetLink({
    load: async () => await Promise.resolve(async () => await answer.promise),
    toFailure: () => new FleetFailure('connection_closed'),
    timeoutMs: 150,
    clock: new VirtualClock(),
    failures: {
      read: () => {
        asked.resolve();
        return null;
      },
      note: () => (noted += 1),
    },
  });
  const asking = link.ask(async () => await Promise.resolve());
  await asked.promise;
  if (isClosed) link.close();
  answer.reject(new Error('ended'));
  await expect(asking).rejects.toMatchObject({ code: 'connection_closed' });
  expect(noted).toBe(kept);
});
