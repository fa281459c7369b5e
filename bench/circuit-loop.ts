/** One process of the circuit's benchmark: measures each admit + settle and prints the samples, in ns, as JSON. */
import { randomUUID } from 'node:crypto';
import { DEFAULT_CIRCUIT_SETTINGS } from '../src/circuit/circuit.ts';
import { createCircuitGate } from '../src/circuit/circuit-gate.ts';
import { systemClock } from '../src/clock.ts';
import { openState } from '../src/state/open-state.ts';
import { identifyProcess, isProcessAlive } from '../src/state/process-identity.ts';

export interface LoopOrder {
  readonly directory: string;
  readonly verdict: 'success' | 'failure';
  readonly rounds: number;
  /** Wait after each operation, in ms; 0 for a short one after ten, which lets the others in. */
  readonly pauseMs: number;
}

export interface LoopReport {
  readonly samplesNs: readonly number[];
  /** Warnings of the state: an operation that found the file locked for too long. */
  readonly lost: number;
}

const { directory, verdict, rounds, pauseMs } = JSON.parse(process.argv[2] ?? '') as LoopOrder;
let lost = 0;
const state = openState({ directory, clock: systemClock, onWarning: () => (lost += 1) });
const gate = createCircuitGate({
  store: state.circuits,
  settings: { ...DEFAULT_CIRCUIT_SETTINGS, failureThreshold: 1_000_000_000 },
  clock: systemClock,
  process: identifyProcess('bench'),
  isOwnerAlive: isProcessAlive,
  newToken: randomUUID,
  emit: () => undefined,
});
const failure = { code: 'Bench', message: '', httpStatus: 500, requestId: null };
const samplesNs: number[] = [];
// The parent says when all are ready, so that they really run at once.
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
for (let round = 0; round < rounds; round += 1) {
  const begunAt = process.hrtime.bigint();
  const admission = gate.admit('s3-upload@bench');
  if (admission.kind === 'admitted')
    gate.settle(admission.permit, verdict, verdict === 'failure' ? failure : undefined);
  samplesNs.push(Number(process.hrtime.bigint() - begunAt));
  if (pauseMs > 0) await systemClock.sleep(pauseMs);
  else if (round % 10 === 9) await systemClock.sleep(1);
}
state.close();
process.stdout.write(`${JSON.stringify({ samplesNs, lost } satisfies LoopReport)}\n`, () => process.exit(0));
