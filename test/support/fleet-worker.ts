/**
 * A process of one host of a fleet, with a circuit of its own beside that of the fleet. Run as
 * `node fleet-worker.ts '{"directory":...}'`; prints `ready` and, at its end, one JSON line.
 */
import { randomUUID } from 'node:crypto';
import { createCircuitGate } from '../../src/circuit/circuit-gate.ts';
import type { Admission, CircuitSettings, Permit } from '../../src/circuit/circuit.ts';
import { createFleetGate, type FleetGate } from '../../src/circuit/fleet-gate.ts';
import { systemClock } from '../../src/clock.ts';
import { TwofoldCircuit } from '../../src/guard/twofold-circuit.ts';
import { openState } from '../../src/state/open-state.ts';
import { identifyProcess, isProcessAlive } from '../../src/state/process-identity.ts';
import { openTestFleet } from './test-fleet.ts';

export interface FleetOrder {
  /** Of the host's state. */
  readonly directory: string;
  readonly host: string;
  readonly url: string;
  readonly circuit: string;
  readonly settings: CircuitSettings;
  readonly quorum: number;
  /** `fail` and `succeed`: settle so, `times` times. `call`: guard a request to `server`. `hold`: take a permit and stop. */
  readonly mode: 'fail' | 'succeed' | 'call' | 'hold';
  readonly times: number;
  readonly server?: string;
  readonly pauseMs?: number;
}

export interface FleetReport {
  readonly admitted: number;
  /** By the circuit that refused. */
  readonly refusedBy: readonly string[];
  /** What the fleet could not be asked. */
  readonly failed: readonly string[];
}

const order = JSON.parse(process.argv[2] ?? '') as FleetOrder;
const { circuit: name, settings, quorum, host, mode, times, server = '', pauseMs = 0 } = order;
const failed: string[] = [];
const refusedBy: string[] = [];
let admitted = 0;
const state = openState({
  directory: order.directory,
  clock: systemClock,
  onWarning: (message) => failed.push(message),
});
const identity = identifyProcess('worker');
const gate = createCircuitGate({
  store: state.circuits,
  settings,
  clock: systemClock,
  process: identity,
  isOwnerAlive: isProcessAlive,
  newToken: randomUUID,
  emit: () => undefined,
});
const store = openTestFleet(order.url);
let fleetPermit: Permit | null = null;
const inner = createFleetGate({
  store,
  settings,
  member: { host, quorum },
  clock: systemClock,
  process: identity,
  newToken: randomUUID,
  emit: () => undefined,
  onFailure: (operation, code) => failed.push(`${operation} ${code}`),
});
const fleet: FleetGate = {
  ...inner,
  admit: async (asked) => {
    const admission = await inner.admit(asked);
    fleetPermit = admission?.kind === 'admitted' ? admission.permit : null;
    return admission;
  },
};
const circuit = new TwofoldCircuit({ name, gate, fleet });
await fleet.check(name);
console.log('ready');
for (let round = 0; round < times; round += 1) {
  const admission = await arrive();
  if (admission.kind === 'refused') refusedBy.push(admission.refusal.circuit);
  else {
    admitted += 1;
    await work(admission.permit);
  }
  if (pauseMs > 0) await systemClock.sleep(pauseMs);
}
store.close();
state.close();
console.log(JSON.stringify({ admitted, refusedBy, failed } satisfies FleetReport));

/** As a command does it: a look first, and an admission only if that refuses nothing. */
async function arrive(): Promise<Admission> {
  const refusal = await circuit.check();
  return refusal === null ? await circuit.admit() : { kind: 'refused', refusal };
}

async function work(permit: Permit): Promise<void> {
  if (mode === 'hold') {
    console.log(JSON.stringify(fleetPermit));
    await systemClock.sleep(600_000);
  }
  const isOk = mode === 'call' ? await call() : mode === 'succeed';
  const failure = { code: 'Test', message: '', httpStatus: 500, requestId: null };
  await circuit.settle(permit, isOk ? 'success' : 'failure', failure);
}

/** One request that tells the server whose probe it is. */
async function call(): Promise<boolean> {
  const { ok } = await fetch(`${server}?host=${host}&probe=${fleetPermit?.probeToken ?? ''}`);
  return ok;
}
