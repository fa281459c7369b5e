import { describe, expect, it } from 'vitest';
import { DEFAULT_CIRCUIT_SETTINGS, type Admission, type Permit } from '../../../src/circuit/circuit.ts';
import { createFleetGate } from '../../../src/circuit/fleet-gate.ts';
import { FleetFailure } from '../../../src/circuit/fleet-store.ts';
import { createFleetStore } from '../../../src/fleet/fleet-store.ts';
import { PermitHolder } from '../../../src/guard/permit-holder.ts';
import { TwofoldCircuit } from '../../../src/guard/twofold-circuit.ts';
import { WaitReport } from '../../../src/guard/wait-report.ts';
import { CIRCUIT, FakeCircuits, identityOf, SLOW_DOWN } from '../../support/fake-circuits.ts';
import { MemoryEngine } from '../../support/memory-engine.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const OPEN_FOR_MS = DEFAULT_CIRCUIT_SETTINGS.openForMs;

/** A fleet on virtual time; its engine's clock is that of the hosts. */
function prepare() {
  const clock = new VirtualClock();
  const engine = new MemoryEngine(clock.now());
  const failures: string[] = [];
  let tokens = 0;
  const startHost = (host: string) => {
    const circuits = new FakeCircuits(clock);
    const process = circuits.startProcess();
    const fleet = createFleetGate({
      store: createFleetStore({
        ask: async (work) => {
          engine.nowMs = clock.now();
          return await work(engine, new AbortController().signal);
        },
        clock: { sleep: async () => await Promise.resolve() },
        random: () => 0,
      }),
      settings: DEFAULT_CIRCUIT_SETTINGS,
      member: { host, quorum: 2 },
      clock,
      process: identityOf(1, host),
      newToken: () => `fleet-${(tokens += 1)}`,
      emit: () => undefined,
      onFailure: (operation, code) => failures.push(`${operation} ${code}`),
    });
    const circuit = new TwofoldCircuit({ name: CIRCUIT, gate: process.gate, fleet });
    const holder = () =>
      new PermitHolder({
        circuit,
        clock,
        stop: new AbortController(),
        probeLeaseMs: 30_000,
        deadlineAtMs: null,
        waits: new WaitReport({ clock, emit: () => undefined }),
        onRefused: () => undefined,
      });
    return { circuit, circuits, process, fleet, holder };
  };
  return { clock, engine, failures, startHost };
}

type Host = ReturnType<ReturnType<typeof prepare>['startHost']>;

async function take(circuit: TwofoldCircuit): Promise<Permit> {
  const admission: Admission = await circuit.admit();
  if (admission.kind === 'refused') throw new Error(`refused by ${admission.refusal.circuit}`);
  return admission.permit;
}

/** Failures that other hosts report, until the fleet's circuit is open. */
async function openFleet(stage: ReturnType<typeof prepare>): Promise<void> {
  for (const host of ['x', 'y']) {
    const { fleet } = stage.startHost(host);
    for (let count = 0; count < 3; count += 1) {
      const admission = await fleet.admit(CIRCUIT);
      if (admission?.kind === 'admitted') await fleet.settle(admission.permit, 'failure', SLOW_DOWN);
    }
  }
}

async function failLocally({ process }: Host): Promise<void> {
  for (let count = 0; count < 5; count += 1) {
    const admission = process.gate.admit(CIRCUIT);
    if (admission.kind === 'admitted') process.gate.settle(admission.permit, 'failure', SLOW_DOWN);
  }
  await Promise.resolve();
}

describe('a circuit with a fleet', () => {
  it('takes one round trip for a healthy admission, and one for its success', async () => {
    const { engine, startHost } = prepare();
    const { circuit } = startHost('a');
    await circuit.settle(await take(circuit), 'success');
    const begun = engine.calls;
    expect(await circuit.check()).toBeNull();
    const permit = await take(circuit);
    expect(engine.calls).toBe(begun + 1);
    await circuit.settle(permit, 'success');
    expect(engine.calls).toBe(begun + 2);
    expect(engine.replaced).toHaveLength(1);
  });

  it('is refused by the fleet without turning the due circuit of the host half-open', async () => {
    const stage = prepare();
    const host = stage.startHost('a');
    await failLocally(host);
    await stage.clock.advance(OPEN_FOR_MS);
    await openFleet(stage);
    expect(await host.circuit.admit()).toMatchObject({ kind: 'refused', refusal: { circuit: `fleet/${CIRCUIT}` } });
    expect(host.circuits.state).toBe('open');
    expect([host.circuit.wasAdmitted, host.circuit.isProbing]).toEqual([false, false]);
  });

  it('gives the slot of the host back if the fleet refuses after its look', async () => {
    const stage = prepare();
    const host = stage.startHost('a');
    const other = stage.startHost('b');
    await openFleet(stage);
    await failLocally(host);
    await stage.clock.advance(OPEN_FOR_MS);
    // Between look and admission, another host takes the fleet's only slot.
    stage.engine.overtake = async () => void (await other.fleet.admit(CIRCUIT));
    expect(await host.circuit.admit()).toMatchObject({
      kind: 'refused',
      refusal: { circuit: `fleet/${CIRCUIT}`, reason: 'probe_in_progress' },
    });
    expect(host.circuits.row).toMatchObject({ state: 'half_open', lease: null });
    expect(host.circuit.isProbing).toBe(false);
  });

  it('is a probe if either gate gives one, and closes both by its successes', async () => {
    const stage = prepare();
    const host = stage.startHost('a');
    await openFleet(stage);
    await stage.clock.advance(OPEN_FOR_MS);
    for (let probe = 0; probe < 2; probe += 1) {
      const permit = await take(host.circuit);
      expect([permit.probeToken !== null, host.circuit.isProbing]).toEqual([true, true]);
      const ended = host.circuit.probeEnded;
      const settling = host.circuit.settle(permit, 'success');
      // Nobody of this command may ask before the fleet has heard of it.
      expect([ended.aborted, host.circuit.isProbing]).toEqual([false, true]);
      await settling;
      expect([ended.aborted, host.circuit.isProbing]).toEqual([true, false]);
    }
    expect((await take(host.circuit)).probeToken).toBeNull();
  });

  it('fires when its failure opens the circuit of the host, whatever the fleet says', async () => {
    const { engine, startHost } = prepare();
    const { circuit } = startHost('a');
    const permits = [
      await take(circuit),
      await take(circuit),
      await take(circuit),
      await take(circuit),
      await take(circuit),
    ];
    engine.failure = new FleetFailure('timeout');
    const opened = circuit.opened;
    for (const permit of permits) await circuit.settle(permit, 'failure', SLOW_DOWN);
    expect(opened.aborted).toBe(true);
  });

  it('fires when its failure opens the circuit of the fleet', async () => {
    const stage = prepare();
    const bad = stage.startHost('x').circuit;
    for (let count = 0; count < 3; count += 1) await bad.settle(await take(bad), 'failure', SLOW_DOWN);
    const { circuit, circuits } = stage.startHost('a');
    const permits = [await take(circuit), await take(circuit)];
    const opened = circuit.opened;
    for (const permit of permits) await circuit.settle(permit, 'failure', SLOW_DOWN);
    expect([opened.aborted, circuits.state]).toEqual([true, 'closed']);
    expect(await circuit.isCurrent(permits[0]!)).toBe(false);
  });

  it('admits, and drops the verdict, while the engine fails', async () => {
    const { engine, failures, startHost } = prepare();
    const { circuit, process } = startHost('a');
    const before = await take(circuit);
    engine.failure = new FleetFailure('timeout');
    const permit = await take(circuit);
    await circuit.settle(permit, 'failure', SLOW_DOWN);
    expect(failures).toEqual(['admit timeout', 'admit timeout']);
    expect([await circuit.isCurrent(before), await circuit.renew(before)]).toEqual([true, true]);
    await circuit.settle(before, 'success');
    expect(failures.at(-1)).toBe('settle timeout');
    expect(process.verdicts).toEqual(['failure', 'success']);
  });

  it('does not refuse the other requests of an operation while its own admission is on its way', async () => {
    const stage = prepare();
    const host = stage.startHost('a');
    await openFleet(stage);
    await stage.clock.advance(OPEN_FOR_MS);
    const holder = host.holder();
    await Promise.all([holder.acquire(0), holder.acquire(0), holder.acquire(0)]);
    expect([holder.isHeld, holder.isProbe]).toEqual([true, true]);
    expect(host.process.admissions).toBe(1);
  });

  it('lets the other operations of a command wait for its probe, whichever answer comes first', async () => {
    const stage = prepare();
    const host = stage.startHost('a');
    await openFleet(stage);
    await stage.clock.advance(OPEN_FOR_MS);
    const [one, other] = [host.holder(), host.holder()];
    const waiting = Promise.all([one.acquire(0), other.acquire(0)]);
    await stage.clock.advance(0);
    const probing = one.isHeld ? one : other;
    expect(one.isHeld).not.toBe(other.isHeld);
    await probing.settle('success');
    await stage.clock.runUntilSettled(waiting);
    expect([one, other].filter(({ isProbe }) => isProbe)).toHaveLength(1);
  });

  it('asks once a second for the slot of a fleet, with the slot of the host given back', async () => {
    const stage = prepare();
    const host = stage.startHost('a');
    const other = stage.startHost('b');
    const first = host.holder();
    await first.acquire(0);
    await first.settle('success');
    await openFleet(stage);
    await stage.clock.advance(OPEN_FOR_MS);
    const theirs = await take(other.circuit);
    const waiting = host.holder();
    const acquired = waiting.acquire(0);
    await stage.clock.advance(100);
    const begun = stage.engine.calls;
    await stage.clock.advance(5000);
    expect(stage.engine.calls - begun).toBeLessThanOrEqual(6);
    expect(host.circuits.state).toBe('closed');
    await other.circuit.settle(theirs, 'success');
    await stage.clock.runUntilSettled(acquired);
    expect(waiting.isProbe).toBe(true);
  });

  it('releases a probe that arrives after its operation has ended', async () => {
    const stage = prepare();
    const host = stage.startHost('a');
    await openFleet(stage);
    await stage.clock.advance(OPEN_FOR_MS);
    const holder = host.holder();
    const acquiring = holder.acquire(0);
    holder.end();
    await acquiring;
    await stage.clock.advance(0);
    expect([holder.isHeld, host.circuit.isProbing]).toEqual([false, false]);
    expect((await take(stage.startHost('b').circuit)).probeToken).not.toBeNull();
  });
});
