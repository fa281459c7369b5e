import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Permit } from '../../../src/circuit/circuit.ts';
import { CommandCircuit } from '../../../src/guard/command-circuit.ts';
import { CIRCUIT, FakeCircuits, SLOW_DOWN } from '../../support/fake-circuits.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function prepare() {
  const circuits = new FakeCircuits(new VirtualClock());
  const process = circuits.startProcess();
  return { circuits, process, circuit: new CommandCircuit(process.gate, CIRCUIT) };
}

function take(circuit: CommandCircuit): Permit {
  const admission = circuit.admit();
  if (admission.kind === 'refused') throw new Error(`refused: ${admission.refusal.reason}`);
  return admission.permit;
}

describe('the admissions of one turn of the event loop', () => {
  it('are answered by one look while the circuit is closed, each with a permit of its own', async () => {
    const { circuit, circuits, process } = prepare();
    const permits = Array.from({ length: 20 }, () => take(circuit));
    expect(process.admissions).toBe(1);
    for (const permit of permits.slice(0, 4)) circuit.settle(permit, 'failure', SLOW_DOWN);
    expect(circuits.row?.failures).toBe(4);
    circuit.settle(permits[4]!, 'success');
    expect(circuits.row?.failures).toBe(0);
    await setImmediate();
    take(circuit);
    expect(process.admissions).toBe(2);
  });

  it('see at once that a failure of this command has opened the circuit', () => {
    const { circuit, circuits } = prepare();
    const permits = Array.from({ length: 6 }, () => take(circuit));
    for (const permit of permits.slice(0, 5)) circuit.settle(permit, 'failure', SLOW_DOWN);
    expect(circuits.state).toBe('open');
    expect(circuit.admit()).toMatchObject({ kind: 'refused', refusal: { reason: 'open' } });
    expect(circuit.isCurrent(permits[5]!)).toBe(false);
  });

  it('see in the next turn that another process has opened or isolated it', async () => {
    for (const change of ['open', 'isolated'] as const) {
      const { circuit, circuits, process } = prepare();
      const permit = take(circuit);
      if (change === 'open') circuits.open();
      else circuits.startProcess().gate.isolate(CIRCUIT, { by: 'test', reason: null, forMs: null });
      expect(circuit.isCurrent(permit)).toBe(true);
      await setImmediate();
      expect(circuit.isCurrent(permit)).toBe(false);
      expect(circuit.admit()).toMatchObject({ kind: 'refused', refusal: { reason: change } });
      expect(process.admissions).toBe(2);
    }
  });

  it('do not share a probe', async () => {
    const clock = new VirtualClock();
    const circuits = new FakeCircuits(clock);
    const circuit = new CommandCircuit(circuits.startProcess().gate, CIRCUIT);
    circuits.open();
    await clock.advance(60_000);
    const probe = take(circuit);
    expect(probe.probeToken).not.toBeNull();
    expect(circuit.admit()).toMatchObject({ kind: 'refused', refusal: { reason: 'probe_in_progress' } });
  });
});
