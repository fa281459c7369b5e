import { expect, it } from 'vitest';
import { createCircuitGate } from '../../src/circuit/circuit-gate.ts';
import { DEFAULT_CIRCUIT_SETTINGS } from '../../src/circuit/circuit.ts';
import { CIRCUIT, SLOW_DOWN } from '../support/fake-circuits.ts';
import { createMemoryCircuits } from '../support/memory-circuits.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/*
 * A check before the SDK refused a call without storing that `openedAt` counts as now. A circuit that was opened by a clock an
 * hour ahead refused every command for an hour, because no command got as far as an admission.
 */
it.each(['check', 'admit'] as const)(
  'a circuit opened in the future is due one open time after the first %s',
  (look) => {
    let nowMs = HOUR_MS;
    const process = { pid: 1, startTime: '1', bootId: 'b', pidNamespace: 'n', host: 'h', command: 'put' };
    const gate = createCircuitGate({
      store: createMemoryCircuits(),
      settings: { ...DEFAULT_CIRCUIT_SETTINGS, failureThreshold: 1 },
      clock: { now: () => nowMs, monotonic: () => 0, sleep: async () => await Promise.resolve() },
      process,
      isOwnerAlive: () => true,
      newToken: () => 'token',
      emit: () => undefined,
    });
    const admission = gate.admit(CIRCUIT);
    if (admission.kind === 'refused') throw new Error('a fresh circuit is closed');
    gate.settle(admission.permit, 'failure', SLOW_DOWN);
    nowMs = 0;
    const isRefused = (): boolean =>
      look === 'check' ? gate.check(CIRCUIT) !== null : gate.admit(CIRCUIT).kind === 'refused';
    const refused: number[] = [];
    for (; nowMs < HOUR_MS && isRefused(); nowMs += MINUTE_MS) refused.push(nowMs);
    expect(refused).toEqual([0]);
    expect(nowMs).toBe(DEFAULT_CIRCUIT_SETTINGS.openForMs);
  },
);
