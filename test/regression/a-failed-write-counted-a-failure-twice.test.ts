/**
 * Met: on a disk that had just filled up, one failed transfer raised the failure streak by two, and a command whose circuit
 *   was half-open was refused because of its own probe.
 * Cause: the new row was remembered inside the transaction; when the write failed, the change ran again in memory, on the
 *   row that it had already changed.
 * Fix: a row is remembered after the commit.
 */
import { expect, it } from 'vitest';
import { createCircuitGate, type CircuitGate } from '../../src/circuit/circuit-gate.ts';
import { DEFAULT_CIRCUIT_SETTINGS } from '../../src/circuit/circuit.ts';
import { identifyProcess } from '../../src/state/process-identity.ts';
import { createTestState, failWrites, type TestState } from '../support/state.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const NAME = 's3-upload@x';

function open(files: TestState, clock = new VirtualClock()) {
  const { circuits } = files.open();
  const gate = createCircuitGate({
    store: circuits,
    settings: { ...DEFAULT_CIRCUIT_SETTINGS, failureThreshold: 3 },
    clock,
    process: identifyProcess('put'),
    isOwnerAlive: () => true,
    newToken: () => 'token',
    emit: () => undefined,
  });
  return { gate, circuits, clock };
}

function fail(gate: CircuitGate): void {
  const admission = gate.admit(NAME);
  if (admission.kind === 'refused') throw new Error(`refused: ${admission.refusal.reason}`);
  gate.settle(admission.permit, 'failure');
}

it('counts a failure once when the disk is full', async () => {
  await using files = await createTestState();
  const { gate, circuits } = open(files);
  fail(gate);
  failWrites(files.directory);
  fail(gate);
  expect(circuits.read(NAME)).toMatchObject({ state: 'closed', failures: 2 });
  expect(files.warnings).toHaveLength(1);
});

it('admits a probe when the disk is full', async () => {
  await using files = await createTestState();
  const { gate, clock } = open(files);
  for (let count = 1; count <= 3; count += 1) fail(gate);
  await clock.advance(DEFAULT_CIRCUIT_SETTINGS.openForMs);
  failWrites(files.directory);
  expect(gate.admit(NAME)).toMatchObject({ kind: 'admitted', permit: { probeToken: 'token' } });
});
