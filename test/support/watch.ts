import { DEFAULT_CIRCUIT_SETTINGS, type CircuitRow, type Transition } from '../../src/circuit/circuit.ts';
import { showCircuit } from '../../src/circuit/circuit-view.ts';
import { initialRow } from '../../src/circuit/state-machine.ts';
import { identityOf } from './fake-circuits.ts';
import type { CircuitActivity, WatchedCircuit, WatchedJob, WatchSnapshot } from '../../src/breaker/watch/snapshot.ts';

export const NOW = Date.UTC(2026, 0, 2, 12, 4, 9);
export const HOST = 'host-a';
export const UPLOAD = 's3-upload@eu-west-1';
export const DOWNLOAD = 's3-download@eu-west-1';

export const PUT = identityOf(4711, HOST);

export const CAUSE = {
  atMs: NOW - 12_000,
  code: 'SlowDown',
  message: 'Please reduce your request rate.',
  httpStatus: 503,
  requestId: '4F2A',
  process: PUT,
};

const NONE = Array.from({ length: 30 }, () => 0);

const QUIET: CircuitActivity = {
  successes: NONE,
  errors: NONE,
  refused: NONE,
  retries: [0, 0, 0, 0, 0],
  p50Ms: null,
  p95Ms: null,
};

const BUSY: CircuitActivity = {
  successes: NONE.map((_, index) => (index < 20 ? index % 5 : 0)),
  errors: NONE.map((_, index) => (index >= 18 && index < 24 ? 4 : 0)),
  refused: NONE.map((_, index) => (index >= 24 ? 2 : 0)),
  retries: [12, 5, 1, 0, 0],
  p50Ms: 100,
  p95Ms: 2500,
};

export const OPENED: Transition = {
  circuit: UPLOAD,
  atMs: NOW - 37_000,
  from: 'closed',
  to: 'open',
  epoch: 1,
  why: 'threshold_reached',
  cause: CAUSE,
  manual: null,
  process: PUT,
};

export function rowOf(changes: Partial<CircuitRow> = {}): CircuitRow {
  return { ...initialRow(UPLOAD, DEFAULT_CIRCUIT_SETTINGS), ...changes };
}

export const OPEN_ROW = rowOf({
  state: 'open',
  epoch: 1,
  failures: 5,
  openedAtMs: NOW - 37_000,
  openForMs: 60_000,
  lastFailure: CAUSE,
  changedAtMs: NOW - 37_000,
});

export const PROBED_ROW = rowOf({
  state: 'half_open',
  epoch: 2,
  failures: 5,
  successes: 1,
  openedAtMs: NOW - 70_000,
  openForMs: 60_000,
  lastFailure: CAUSE,
  lease: { token: 't', expiresAtMs: NOW + 20_000, owner: PUT },
});

export const ISOLATED_ROW = rowOf({
  state: 'isolated',
  epoch: 3,
  manual: { by: 'ops', atMs: NOW - 180_000, reason: 'bucket migration', untilMs: NOW + 3_600_000 },
});

export function circuitOf(row: CircuitRow, changes: Partial<WatchedCircuit> = {}): WatchedCircuit {
  return {
    name: row.name,
    view: showCircuit(row, { nowMs: NOW, probeLeaseMs: 30_000 }),
    refused: 0,
    history: [],
    activity: QUIET,
    isClockAskew: false,
    clockAheadMs: 0,
    ...changes,
  };
}

export const CLOSED = circuitOf(rowOf({ name: DOWNLOAD }));
export const OPEN = circuitOf(OPEN_ROW, { refused: 14, history: [OPENED], activity: BUSY });

export const JOB: WatchedJob = {
  id: 'j',
  process: PUT,
  target: 's3://backups/db.tar',
  startedAtMs: NOW - 4000,
  updatedAtMs: NOW - 1000,
  movedBytes: 3_145_728,
  totalBytes: 6_291_456,
  objectsStarted: 1,
  objectsDone: 0,
  objectsFailed: 0,
  isAlive: true,
};

export function snapshotOf(changes: Partial<WatchSnapshot> = {}): WatchSnapshot {
  return {
    takenAtMs: NOW,
    host: HOST,
    stateFile: { path: '/home/ops/.local/state/breakwater/state.db', condition: 'ready' },
    spanMs: 300_000,
    circuits: [CLOSED, OPEN],
    fleet: null,
    jobs: [],
    settings: { openForMs: 60_000, probeLeaseMs: 30_000 },
    ...changes,
  };
}
