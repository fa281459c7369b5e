/**
 * Met: a process that was stopped (Ctrl-Z, a suspended laptop) past the lease of its probe and then continued could
 *   open or close the circuit with a result from long ago, and could renew its lease.
 * Cause: a result was held against the epoch and the token of the probe, which stay as they are until somebody else
 *   takes the slot.
 * Fix: a result or a renewal counts only while the lease runs.
 */
import { expect, it } from 'vitest';
import { FakeCircuits, SLOW_DOWN, takePermit } from '../support/fake-circuits.ts';
import { LEASE_MS, OPEN_FOR_MS } from '../support/guarded-run.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

async function stopPastLease() {
  const clock = new VirtualClock();
  const circuits = new FakeCircuits(clock);
  const { gate, events } = circuits.startProcess();
  circuits.open();
  await clock.advance(OPEN_FOR_MS);
  const permit = takePermit(gate);
  await clock.advance(LEASE_MS);
  return { circuits, gate, events, permit, before: circuits.row };
}

it.each(['success', 'failure'] as const)('ignores a %s that comes after its lease', async (verdict) => {
  const { circuits, gate, events, permit, before } = await stopPastLease();
  expect(gate.isCurrent(permit)).toBe(false);
  gate.settle(permit, verdict, SLOW_DOWN);
  expect(circuits.row).toEqual(before);
  expect(events.at(-1)).toMatchObject({ kind: 'result_ignored', verdict });
});

it('renews no lease that is over', async () => {
  const { circuits, gate, permit, before } = await stopPastLease();
  expect(gate.renew(permit)).toBe(false);
  expect(circuits.row).toEqual(before);
});
