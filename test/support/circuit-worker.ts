/**
 * A process that works one circuit in a state file, for tests of many at once. Run as
 * `node circuit-worker.ts '{"directory":...}'`; prints `ready` when the file is open and one JSON line at its end.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { Admission, AttemptFailure, CircuitSettings } from '../../src/circuit/circuit.ts';
import { findBareName } from '../../src/circuit/circuit-name.ts';
import type { CircuitStore } from '../../src/circuit/circuit-store.ts';
import { createCircuitGate, type CircuitGate } from '../../src/circuit/circuit-gate.ts';
import { systemClock } from '../../src/clock.ts';
import { openState } from '../../src/state/open-state.ts';
import { identifyProcess, isProcessAlive } from '../../src/state/process-identity.ts';
import type { State } from '../../src/state/state.ts';

export interface WorkerOrder {
  readonly directory: string;
  readonly circuit: string;
  readonly settings: CircuitSettings;
  /**
   * `fail`: admit and settle a failure, `times` times. `call`: guard a request to `url`, `times` times.
   * `churn`: in each round a few of all that can be done, in random order, until killed.
   */
  readonly mode: 'fail' | 'call' | 'churn';
  readonly times: number;
  readonly url?: string;
  /** Gets one line for each write transaction that changed the row: `[before, after]`, null for no row. */
  readonly log?: string;
  /** Pause between two rounds, in ms. */
  readonly pauseMs?: number;
}

export interface WorkerReport {
  readonly warnings: readonly string[];
  readonly refused: number;
  readonly stale: number;
}

/** Enough that a process is in the midst of one most of the time, whatever its pauses. */
const CHURNED_AT_ONCE = 20;

const order = JSON.parse(process.argv[2] ?? '') as WorkerOrder;
const { circuit, settings, times, pauseMs = 0, url = '' } = order;
const warnings: string[] = [];
let refused = 0;
let stale = 0;
const state = openState({
  directory: order.directory,
  clock: systemClock,
  onWarning: (message) => warnings.push(message),
});
const gate = createCircuitGate({
  store: order.log === undefined ? state.circuits : logWrites(state.circuits, order.log),
  settings,
  clock: systemClock,
  process: identifyProcess('worker'),
  isOwnerAlive: isProcessAlive,
  newToken: randomUUID,
  emit: (event) => {
    if (event.kind === 'result_ignored') stale += 1;
  },
});
console.log('ready');
for (let round = 0; round < times; round += 1) {
  if (order.mode === 'fail') fail(gate);
  else if (order.mode === 'call') await call(gate);
  else for (let count = 0; count < CHURNED_AT_ONCE; count += 1) churn(gate, state);
  if (pauseMs > 0) await systemClock.sleep(pauseMs);
}
state.close();
console.log(JSON.stringify({ warnings, refused, stale } satisfies WorkerReport));

/** As a command does it: a look first, and an admission only if that refuses nothing. */
function arrive({ check, admit }: CircuitGate): Admission {
  const refusal = check(circuit);
  return refusal === null ? admit(circuit) : { kind: 'refused', refusal };
}

function fail({ settle }: CircuitGate): void {
  const admission = arrive(gate);
  if (admission.kind === 'admitted') settle(admission.permit, 'failure', failureOf(500));
  else refused += 1;
}

/** One guarded request that tells the server under which permit it goes out. */
async function call({ settle }: CircuitGate): Promise<void> {
  const admission = arrive(gate);
  if (admission.kind === 'refused') {
    refused += 1;
    return;
  }
  const { epoch, probeToken } = admission.permit;
  const { ok, status } = await fetch(`${url}?epoch=${epoch}&probe=${probeToken ?? ''}&pid=${process.pid}`);
  settle(admission.permit, ok ? 'success' : 'failure', failureOf(status));
}

function failureOf(httpStatus: number): AttemptFailure {
  return { code: 'Test', message: '', httpStatus, requestId: null };
}

function churn(churned: CircuitGate, { metrics }: State): void {
  const manual = { by: 'test', reason: null };
  const counters = [{ family: 'churned_total', labels: { bucket: 'b' }, value: 1 }];
  const [what] = [
    () => fail(churned),
    () => {
      const admission = arrive(churned);
      if (admission.kind === 'admitted') churned.settle(admission.permit, 'success');
    },
    () => void churned.reset(circuit, manual),
    () => void churned.isolate(circuit, { ...manual, forMs: 1 }),
    () => void churned.isolate(findBareName(circuit) ?? circuit, { ...manual, forMs: 1 }),
    () => metrics.add(() => ({ counters, gauges: [], histograms: [], refusals: [] })),
  ].slice(randomInt(6));
  what?.();
}

/** Notes what each committed transaction has read and written. */
function logWrites(store: CircuitStore, path: string): CircuitStore {
  return {
    ...store,
    update: (name, change) => {
      const lines: string[] = [];
      const result = store.update(name, (before) => {
        const changed = change(before);
        const isWritten = changed.row !== undefined && changed.row !== before;
        if (isWritten) lines.push(`${JSON.stringify([before ?? null, changed.row])}\n`);
        return changed;
      });
      // After the commit: a transaction that was rolled back has written nothing.
      if (lines.length > 0) appendFileSync(path, lines.join(''));
      return result;
    },
  };
}
