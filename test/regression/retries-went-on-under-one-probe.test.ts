/**
 * Met: a half-open circuit is meant to let one request through, but an upload in parts sent all of its retries at
 *   once.
 * Cause: chains that waited for a retry while others opened the circuit all went on under the one probe that the first
 *   of them had taken.
 * Fix: one request at a time goes out under a probe, retries included; the others wait for their turn.
 */
import { expect, it } from 'vitest';
import type { RequestRunner } from '../../src/guard/request-runner.ts';
import { takePermit } from '../support/fake-circuits.ts';
import { LEASE_MS, OPEN_FOR_MS, prepare, reset } from '../support/guarded-run.ts';

it.each([
  ['taken by the first one', 0],
  ['waited for by all, because another process has it', 500],
])('sends one request at a time when several retries meet a due probe, with the slot %s', async (_what, busyForMs) => {
  const { run, circuits, process, clock } = prepare();
  const other = circuits.startProcess();
  let inFlight = 0;
  const atOnce: number[] = [];
  const part = async (requests: RequestRunner): Promise<void> =>
    await requests.send(async ({ number }) => {
      if (number === 1) {
        await clock.sleep(OPEN_FOR_MS + 2000);
        await reset();
      }
      inFlight += 1;
      atOnce.push(inFlight);
      await clock.sleep(3 * LEASE_MS);
      inFlight -= 1;
    });
  void clock.sleep(1000).then(() => circuits.open());
  if (busyForMs > 0) {
    void clock.sleep(OPEN_FOR_MS + 2500).then(async () => {
      const permit = takePermit(other.gate);
      await clock.sleep(500 + busyForMs);
      other.gate.settle(permit, 'neutral');
    });
  }
  await run(async (requests) => {
    await Promise.all([part(requests), part(requests), part(requests), part(requests)]);
  });
  expect(atOnce).toEqual([1, 1, 1, 2]);
  expect(process.verdicts).toEqual(['neutral', 'success', 'success', 'success']);
  expect(circuits.state).toBe('closed');
});
