/**
 * Met: `breaker-status --check && put`, as in a crontab, ran no `put` for as long as the clock had once been ahead: hours or years.
 * Cause: a check counted a time in the future as now, each time anew, and stored nothing; the `put` that would store it never ran.
 * Fix: a check that refuses stores the corrected time, as a refused `put` does.
 */
import { expect, it } from 'vitest';
import { createCircuitGate, type CircuitGate } from '../../src/circuit/circuit-gate.ts';
import { DEFAULT_CIRCUIT_SETTINGS } from '../../src/circuit/circuit.ts';
import { openState } from '../../src/state/open-state.ts';
import { SLOW_DOWN } from '../support/fake-circuits.ts';
import { Program } from '../support/program.ts';

const CIRCUIT = 's3-upload@here';
const YEAR_MS = 365 * 86_400_000;
const HOUR_MS = 3_600_000;
const BY_HAND = { by: 'ann', reason: null, forMs: HOUR_MS };
const PROCESS = { pid: 1, startTime: '1', bootId: 'b', pidNamespace: 'n', host: 'h', command: 'put' };

/** Works on the state file of a program, at a time of one's own. */
function at<T>(program: Program, nowMs: number, work: (gate: CircuitGate) => T): T {
  const clock = { now: () => nowMs, monotonic: () => 0, sleep: async () => await Promise.resolve() };
  const state = openState({ directory: program.path('state'), clock, onWarning: () => undefined });
  try {
    const gate = createCircuitGate({
      store: state.circuits,
      settings: { ...DEFAULT_CIRCUIT_SETTINGS, failureThreshold: 1 },
      clock,
      process: PROCESS,
      isOwnerAlive: () => true,
      newToken: () => 'token',
      emit: () => undefined,
    });
    return work(gate);
  } finally {
    state.close();
  }
}

function trip(gate: CircuitGate): void {
  const admission = gate.admit(CIRCUIT);
  if (admission.kind === 'refused') throw new Error('a fresh circuit is closed');
  gate.settle(admission.permit, 'failure', SLOW_DOWN);
}

const isolate =
  (circuit: string) =>
  (gate: CircuitGate): void => {
    gate.isolate(circuit, BY_HAND);
  };

it.each<readonly [string, (gate: CircuitGate) => void, number]>([
  ['open', trip, DEFAULT_CIRCUIT_SETTINGS.openForMs],
  ['isolated', isolate(CIRCUIT), HOUR_MS],
  ['isolated in every scope', isolate('s3-upload'), HOUR_MS],
])('a check alone ends the wait for a circuit that is %s since next year', async (_state, stop, waitMs) => {
  await using program = await Program.create({ BREAKWATER_CIRCUIT_SCOPE: 'here', AWS_REGION: 'us-east-1' });
  at(program, Date.now() + YEAR_MS, stop);
  const checked = await program.run(['breaker-status', '--check', 's3-upload', '--quiet']);
  expect(checked.status).toBe(75);
  // Nothing but the check has looked: its time counts.
  expect(at(program, Date.now() + waitMs, (gate) => gate.check(CIRCUIT))).toBeNull();
});

it('a look without --check stores nothing', async () => {
  await using program = await Program.create({ BREAKWATER_CIRCUIT_SCOPE: 'here', AWS_REGION: 'us-east-1' });
  at(program, Date.now() + YEAR_MS, trip);
  await program.run(['breaker-status', 's3-upload']);
  expect(at(program, Date.now() + HOUR_MS, (gate) => gate.check(CIRCUIT))).not.toBeNull();
});
