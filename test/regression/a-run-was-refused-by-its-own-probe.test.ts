/**
 * Met: after every outage the first `put -r`, `get -r` or `put` of several files ended with status 75,
 *   `probe_in_progress`, although no other process was probing.
 * Cause: each object asked the circuit for itself, and met the probe slot that another object of the same command held.
 * Fix: the operations of a command share what they know of the circuit. Once one was admitted, the others wait for a
 *   busy slot, and for the command's own probe as long as it takes.
 */
import { expect, it } from 'vitest';
import { Slots } from '../../src/guard/slots.ts';
import { runGuarded } from '../../src/guard/guarded-operation.ts';
import { SLOW_DOWN, takePermit } from '../support/fake-circuits.ts';
import { LEASE_MS, prepareProbe, reset, TARGET } from '../support/guarded-run.ts';

const LISTING = { operation: 'list_objects', bucket: 'b' } as const;

type Stage = Awaited<ReturnType<typeof prepareProbe>>;

/** Objects of one command, all begun at once; each takes so long. */
async function runObjects({ guard, clock }: Stage, { count, eachMs }: { count: number; eachMs: number }) {
  const objects = Array.from({ length: count }, async () => {
    await runGuarded(guard, TARGET, async (requests) => {
      await requests.send(async () => await clock.sleep(eachMs));
    });
  });
  return await clock.runUntilSettled(Promise.allSettled(objects));
}

const codesOf = (results: readonly PromiseSettledResult<void>[]): readonly string[] =>
  results.map((result) => (result.status === 'fulfilled' ? 'done' : result.reason.details.reason));

it('sends every object when the first is a probe, without a pause between the probes', async () => {
  const stage = await prepareProbe();
  const startMs = stage.clock.monotonic();
  expect(codesOf(await runObjects(stage, { count: 50, eachMs: 10 }))).toEqual(Array(50).fill('done'));
  expect(stage.clock.monotonic() - startMs).toBe(30);
  expect(stage.process.verdicts).toEqual(Array(50).fill('success'));
  expect(stage.circuits.state).toBe('closed');
});

it.each([
  ['two leases and more', {}],
  ['longer than --wait', { waitMs: 1000 }],
])('waits for a probe of its own that takes %s', async (_what, settings) => {
  const stage = await prepareProbe(settings);
  expect(codesOf(await runObjects(stage, { count: 3, eachMs: 3 * LEASE_MS }))).toEqual(['done', 'done', 'done']);
});

it('counts the listing of the command as admitted', async () => {
  const stage = await prepareProbe();
  await stage.clock.runUntilSettled(
    runGuarded(stage.guard, LISTING, async (requests) => await requests.send(async () => {})),
  );
  const other = stage.circuits.startProcess();
  const permit = takePermit(other.gate);
  void stage.clock.sleep(5000).then(() => other.gate.settle(permit, 'neutral'));
  expect(codesOf(await runObjects(stage, { count: 3, eachMs: 10 }))).toEqual(['done', 'done', 'done']);
});

it('is refused by the probe of another process while nothing of it was admitted', async () => {
  const stage = await prepareProbe();
  takePermit(stage.circuits.startProcess().gate);
  const results = await runObjects(stage, { count: 3, eachMs: 10 });
  expect(codesOf(results)).toEqual(Array(3).fill('probe_in_progress'));
});

it('stops waiting as soon as its probe has failed', async () => {
  const stage = await prepareProbe({ retry: { retries: 0, baseMs: 1000, jitter: 'none' } });
  const startMs = stage.clock.monotonic();
  const probe = runGuarded(stage.guard, TARGET, async (requests) => {
    await requests.send(async () => {
      await stage.clock.sleep(40);
      return await reset();
    });
  });
  probe.catch(() => undefined);
  const results = await runObjects(stage, { count: 3, eachMs: 10 });
  expect(codesOf(results)).toEqual(Array(3).fill('open'));
  expect(stage.clock.monotonic() - startMs).toBe(40);
});

it('waits at most two leases for a slot that another process keeps', async () => {
  const stage = await prepareProbe();
  await stage.clock.runUntilSettled(
    runGuarded(stage.guard, LISTING, async (requests) => await requests.send(async () => {})),
  );
  const other = stage.circuits.startProcess();
  const permit = takePermit(other.gate);
  const startMs = stage.clock.monotonic();
  const keep = async (): Promise<void> => {
    for (let turn = 0; turn < 9; turn += 1) {
      await stage.clock.sleep(LEASE_MS / 3);
      other.gate.renew(permit);
    }
    other.gate.settle(permit, 'failure', SLOW_DOWN);
  };
  void keep();
  const results = await runObjects(stage, { count: 2, eachMs: 10 });
  expect(codesOf(results)).toEqual(Array(2).fill('probe_in_progress'));
  expect(stage.clock.monotonic() - startMs).toBe(2 * LEASE_MS);
});

it('does not wait for a slot that its own objects hold while they wait for the probe', async () => {
  const stage = await prepareProbe();
  const slots = new Slots({ requests: 2, bufferBytes: 100 });
  // As a put in parts, which takes the permit before its slots.
  const inParts = runGuarded(stage.guard, TARGET, async (requests) => {
    await stage.clock.sleep(10);
    using _slot = await slots.openQueue().take(60, requests);
    await requests.send(async () => await stage.clock.sleep(10));
  });
  // As a put of a small object, which holds its slot before.
  const whole = Array.from({ length: 4 }, async () => {
    using _slot = await slots.openQueue().take(60, stage.guard);
    await runGuarded(stage.guard, TARGET, async (requests) => await requests.send(async () => {}));
  });
  await stage.clock.advance(1000);
  expect(stage.process.verdicts).toEqual(Array(5).fill('success'));
  await Promise.all([inParts, ...whole]);
});
