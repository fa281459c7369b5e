import { describe, expect, it } from 'vitest';
import { createCircuitGate } from '../../../src/circuit/circuit-gate.ts';
import { showCircuit } from '../../../src/circuit/circuit-view.ts';
import { explore } from '../../support/exploration/explore.ts';
import { plantFault } from '../../support/exploration/plant-fault.ts';
import type { PlantedFault } from '../../support/planted-copy.ts';

/** Each one is found, by the invariant whose number comes first. */
const FAULTS: readonly (readonly [string, RegExp, PlantedFault])[] = [
  ['no epoch check', /^[136]/, inMachine('if (row.epoch !== permit.epoch) return false;', '')],
  ['no token check', /^[136]/, inMachine('row.lease.token === permit.probeToken && ', '')],
  ['no check of the expiry', /^[136]/, inMachine(' && row.lease.expiresAtMs > nowMs', '')],
  ['a lease that is kept', /^1/, inMachine('const freed = { ...row, lease: null };', 'const freed = { ...row };')],
  ['a success that counts twice', /^5/, inMachine('successes: row.successes + 1', 'successes: row.successes + 2')],
  ['a failure that counts twice', /^6/, inMachine('failures: row.failures + 1', 'failures: row.failures + 2')],
  ['a renewal of any lease', /^1/, inMachine('lease === null || !isCurrent(row, { permit, nowMs })', 'lease === null')],
  ['an epoch that stays', /^2/, { file: 'change-state.ts', text: 'row.epoch + 1', becomes: 'row.epoch' }],
  ['no owner check', /^[147]/, { file: 'arrival.ts', text: '!isOwnerAlive || ', becomes: '' }],
  [
    'a probe beside another',
    /^[137]/,
    { file: 'arrival.ts', text: 'lease === null || !isOwnerAlive', becomes: 'true' },
  ],
  [
    'no correction of an opening in the future',
    /^4/,
    { file: 'arrival.ts', text: 'Math.min(row.openedAtMs ?? nowMs, nowMs)', becomes: '(row.openedAtMs ?? nowMs)' },
  ],
  [
    'no correction of an isolation in the future',
    /^4/,
    { file: 'arrival.ts', text: 'manual.untilMs === null || manual.atMs <= nowMs', becomes: 'true' },
  ],
  [
    'a check that does not store what it corrects',
    /^4/,
    inCheck('{ ...step, result: step.result.refusal }', '{ ...step, row, result: step.result.refusal }'),
  ],
  ['a check that takes the slot', /^7/, inCheck('{ row, transitions: [], result: null }', '{ ...step, result: null }')],
  ['isolations of every scope that are not asked', /^3/, inCheck("row?.state === 'isolated' ? row : null", 'null')],
  [
    'further attempts under an isolation of every scope',
    /^3/,
    { file: 'circuit-gate.ts', text: ' && !isHeld(permit.circuit)', becomes: '' },
  ],
  [
    'two verdicts for one permit',
    /^6/,
    { file: 'circuit-gate.ts', text: 'if (settled.has(permit)) return;', becomes: '' },
  ],
  [
    'a display that leaves out isolations of every scope',
    /^7/,
    { file: 'circuit-view.ts', text: "bareRow?.state === 'isolated'", becomes: 'false' },
  ],
];

function inMachine(text: string, becomes: string): PlantedFault {
  return { file: 'state-machine.ts', text, becomes };
}

function inCheck(text: string, becomes: string): PlantedFault {
  return { file: 'check-circuit.ts', text, becomes };
}

describe('every state that three processes reach', () => {
  it('keeps every invariant of docs/circuit.md', () => {
    const startedAtMs = performance.now();
    const { fault, states, steps, transitions } = explore({ createCircuitGate, showCircuit });
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    console.log(`explored ${states} states by ${steps} steps in ${seconds} s`);
    expect(fault).toBeNull();
    expect(states).toBeGreaterThan(5000);
    // States that are never reached prove nothing.
    expect([...transitions].toSorted()).toEqual([
      'isolated',
      'isolation_ended',
      'probe_due',
      'probe_failed',
      'probes_succeeded',
      'reset',
      'threshold_reached',
    ]);
  });

  it.each(FAULTS)('shows a planted fault: %s', async (_fault, invariant, planted) => {
    const { fault } = explore(await plantFault(planted));
    expect(fault?.message).toMatch(invariant);
  });
});
