/**
 * Met: an upload in parts failed with `probe_in_progress` while nobody but the upload itself was probing.
 * Cause: a request waits at most two leases for a busy probe slot, and the time that another request of the same
 *   operation held the probe was counted.
 * Fix: only the time that another process holds the slot counts.
 */
import { expect, it } from 'vitest';
import { takePermit } from '../support/fake-circuits.ts';
import { LEASE_MS, prepareProbe, succeed } from '../support/guarded-run.ts';

it('waits for the probe of its own operation for as long as that takes', async () => {
  const { run, circuits, clock } = await prepareProbe();
  const other = circuits.startProcess();
  await run(async (requests) => {
    await requests.send(succeed);
    const permit = takePermit(other.gate);
    void clock.sleep(1000).then(() => other.gate.settle(permit, 'neutral'));
    const slowPart = async (): Promise<void> =>
      await requests.send(async () => {
        await clock.sleep(3 * LEASE_MS);
      });
    await Promise.all([slowPart(), slowPart()]);
  });
  expect(circuits.state).toBe('closed');
});
