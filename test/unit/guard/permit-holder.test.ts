import { describe, expect, it } from 'vitest';
import type { Refusal } from '../../../src/circuit/circuit.ts';
import { CommandCircuit } from '../../../src/guard/command-circuit.ts';
import { PermitHolder } from '../../../src/guard/permit-holder.ts';
import { WaitReport } from '../../../src/guard/wait-report.ts';
import { CIRCUIT, FakeCircuits, SLOW_DOWN, takePermit } from '../../support/fake-circuits.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const OPEN_FOR_MS = 60_000;
const LEASE_MS = 30_000;

function prepare() {
  const clock = new VirtualClock();
  const circuits = new FakeCircuits(clock);
  const process = circuits.startProcess();
  const refusals: Refusal[] = [];
  const abort = new AbortController();
  const circuit = new CommandCircuit(process.gate, CIRCUIT);
  const holder = new PermitHolder({
    circuit,
    clock,
    stop: abort,
    probeLeaseMs: LEASE_MS,
    deadlineAtMs: null,
    waits: new WaitReport({ clock, emit: () => undefined }),
    onRefused: (refusal) => refusals.push(refusal),
  });
  const startMs = clock.monotonic();
  return { clock, circuits, process, refusals, abort, holder, elapsedMs: () => clock.monotonic() - startMs };
}

/** A stage on which another process holds the only probe slot, and the command was admitted before. */
async function prepareBusySlot() {
  const stage = prepare();
  await stage.holder.acquire(0);
  await stage.holder.settle('success');
  stage.circuits.open();
  await stage.clock.advance(OPEN_FOR_MS);
  const other = stage.circuits.startProcess();
  const permit = takePermit(other.gate);
  const sinceMs = stage.elapsedMs();
  return { ...stage, other: other.gate, permit, waitedMs: () => stage.elapsedMs() - sinceMs };
}

const refusedBy = (reason: string) => ({ code: 'circuit_open', details: { reason, circuit: CIRCUIT } });

describe('acquire', () => {
  it('is admitted through a closed circuit', async () => {
    const { holder } = prepare();
    expect(holder.isHeld).toBe(false);
    await holder.acquire(0);
    expect(holder).toMatchObject({ isHeld: true, isProbe: false });
    expect(holder.isCurrent()).toBe(true);
  });

  it('is refused by an open circuit, with the time that is left', async () => {
    const { clock, circuits, holder, refusals } = prepare();
    circuits.open();
    await clock.advance(20_000);
    await expect(holder.acquire(0)).rejects.toMatchObject({
      ...refusedBy('open'),
      details: { retryAfterMs: 40_000 },
    });
    expect(refusals).toHaveLength(1);
    expect(holder.isHeld).toBe(false);
  });

  it('waits for an open circuit until its probe is due, and then is the probe', async () => {
    const { clock, circuits, holder, refusals, elapsedMs } = prepare();
    circuits.open();
    await clock.runUntilSettled(holder.acquire(90_000));
    expect(elapsedMs()).toBe(OPEN_FOR_MS);
    expect(holder.isProbe).toBe(true);
    expect(refusals).toEqual([]);
  });

  it('goes on within a second when the circuit it waits for is closed by hand', async () => {
    const { clock, circuits, process, holder, elapsedMs } = prepare();
    circuits.open();
    const acquired = holder.acquire(90_000);
    await clock.advance(20_500);
    process.gate.reset(CIRCUIT, { by: 'test', reason: null });
    await clock.runUntilSettled(acquired);
    expect(elapsedMs()).toBe(21_000);
    expect(holder.isProbe).toBe(false);
  });

  it('gives up when the wait is over, and counts one refusal', async () => {
    const { clock, circuits, holder, refusals, elapsedMs } = prepare();
    circuits.open();
    const acquired = holder.acquire(10_000);
    await expect(clock.runUntilSettled(acquired)).rejects.toMatchObject(refusedBy('open'));
    expect(elapsedMs()).toBe(10_000);
    expect(refusals).toHaveLength(1);
  });

  it('waits for an isolation too where any refusal is waited for', async () => {
    const { clock, process, holder } = prepare();
    process.gate.isolate(CIRCUIT, { by: 'test', reason: null, forMs: 3000 });
    await clock.runUntilSettled(holder.acquire(10_000));
    expect(holder.isHeld).toBe(true);
  });

  it('does not wait for an open circuit where only a busy slot is waited for', async () => {
    const { circuits, holder, clock, elapsedMs } = prepare();
    circuits.open();
    await expect(holder.acquire(0)).rejects.toMatchObject(refusedBy('open'));
    expect(elapsedMs()).toBe(0);
    expect(clock.sleeping).toBe(0);
  });

  it('takes a busy slot soon after its owner returns it', async () => {
    const { clock, holder, other, permit, waitedMs } = await prepareBusySlot();
    const acquired = holder.acquire(0);
    await clock.advance(4900);
    expect(holder.isHeld).toBe(false);
    other.settle(permit, 'neutral');
    await clock.runUntilSettled(acquired);
    expect(holder.isProbe).toBe(true);
    expect(waitedMs()).toBe(5000);
  });

  it('is refused as soon as the circuit opens while it waits for the slot', async () => {
    const { clock, holder, other, permit, waitedMs } = await prepareBusySlot();
    const acquired = holder.acquire(0);
    await clock.advance(4900);
    other.settle(permit, 'failure', SLOW_DOWN);
    await expect(clock.runUntilSettled(acquired)).rejects.toMatchObject(refusedBy('open'));
    expect(waitedMs()).toBe(5000);
  });

  it('waits no longer than it was told for a slot whose owner keeps it', async () => {
    const { clock, circuits, holder, other, permit, waitedMs } = await prepareBusySlot();
    const acquired = holder.acquire(0);
    acquired.catch(() => undefined);
    for (let renewals = 0; renewals < 6; renewals += 1) {
      await clock.advance(LEASE_MS / 3);
      other.renew(permit);
    }
    await expect(acquired).rejects.toMatchObject(refusedBy('probe_in_progress'));
    expect(waitedMs()).toBe(60_000);
    expect(circuits.state).toBe('half_open');
  });

  it('takes over the slot of an owner that does not renew, when its lease ends', async () => {
    const { clock, holder, waitedMs } = await prepareBusySlot();
    await clock.runUntilSettled(holder.acquire(0));
    expect(holder.isProbe).toBe(true);
    expect(waitedMs()).toBe(LEASE_MS);
  });

  it('takes over the slot of a dead owner at its next look', async () => {
    const { clock, circuits, holder, waitedMs } = await prepareBusySlot();
    const acquired = holder.acquire(0);
    circuits.kill(circuits.row?.lease?.owner.pid ?? 0);
    await clock.runUntilSettled(acquired);
    expect(waitedMs()).toBeLessThan(1000);
  });

  it('ends its wait with the reason of the abort', async () => {
    const { clock, holder, abort } = await prepareBusySlot();
    const acquired = holder.acquire(0);
    const reason = new Error('interrupted');
    abort.abort(reason);
    await expect(acquired).rejects.toBe(reason);
    expect(clock.sleeping).toBe(0);
  });
});

describe('a held probe', () => {
  it('keeps its lease for as long as the work takes', async () => {
    const { clock, circuits, holder } = prepare();
    circuits.open();
    await clock.advance(OPEN_FOR_MS);
    await holder.acquire(0);
    const other = circuits.startProcess();
    for (let turns = 0; turns < 20; turns += 1) {
      await clock.advance(LEASE_MS / 2);
      expect(other.gate.admit(CIRCUIT).kind).toBe('refused');
      expect(holder.isCurrent()).toBe(true);
    }
    await holder.settle('success');
    expect(other.gate.admit(CIRCUIT).kind).toBe('admitted');
  });

  it('renews no longer than it is held', async () => {
    const { clock, circuits, holder } = prepare();
    circuits.open();
    await clock.advance(OPEN_FOR_MS);
    await holder.acquire(0);
    await holder.settle('neutral');
    await clock.advance(0);
    expect(clock.sleeping).toBe(0);
  });

  it('stops renewing a lease that it has lost, and says that it is not current', async () => {
    const { clock, circuits, process, holder } = prepare();
    circuits.open();
    await clock.advance(OPEN_FOR_MS);
    await holder.acquire(0);
    process.gate.reset(CIRCUIT, { by: 'test', reason: null });
    expect(holder.isCurrent()).toBe(false);
    await clock.advance(LEASE_MS);
    expect(clock.sleeping).toBe(0);
  });
});

describe('settle', () => {
  it('gives one verdict per permit', async () => {
    const { holder, process } = prepare();
    await holder.acquire(0);
    await holder.settle('failure', SLOW_DOWN);
    await holder.settle('failure', SLOW_DOWN);
    await holder.settle('success');
    expect(process.verdicts).toEqual(['failure']);
    expect(holder.isHeld).toBe(false);
    expect(holder.isCurrent()).toBe(false);
  });

  it('does nothing before a permit is held', async () => {
    const { holder, process } = prepare();
    await holder.settle('failure', SLOW_DOWN);
    expect(process.verdicts).toEqual([]);
  });

  it('gives a second verdict only under a second permit', async () => {
    const { holder, process } = prepare();
    await holder.acquire(0);
    await holder.settle('success');
    await holder.acquire(0);
    await holder.settle('success');
    expect(process.verdicts).toEqual(['success', 'success']);
  });
});
