/**
 * Met: every endpoint that ever failed (a test store on another port each time) kept its circuits, history and series for
 *   ever, and the claim of every killed run stayed; `breaker-status` listed them all.
 * Cause: nothing ever removed what no command would meet again.
 * Fix: rules by age and by number (docs/state.md), applied at the end of a command, at most once a day.
 */
import type { CircuitRow } from '../../src/circuit/circuit.ts';
import { DEFAULT_CIRCUIT_SETTINGS } from '../../src/circuit/circuit.ts';
import type { ProcessLife } from '../../src/state/state.ts';
import { initialRow } from '../../src/circuit/state-machine.ts';
import { openMemory } from '../../src/state/database.ts';
import { openTables, type Tables } from '../../src/state/open-tables.ts';
import { CIRCUITS_KEPT, HISTORY_KEPT } from '../../src/state/tables/clean-up.ts';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const DAY_MS = 86_400_000;
const BEGAN_MS = Date.UTC(2026, 0, 1);
const ENDPOINTS = 2000;
const RUNS = 20_000;
const HERE = { pid: 7, startTime: '1', bootId: 'boot', pidNamespace: 'pid:[1]', host: 'here', command: 'put' };

const dead = (): ProcessLife => 'dead';

interface Run {
  readonly circuit: string;
  readonly nowMs: number;
  readonly index: number;
}

/** What a run that fails on an endpoint and is killed leaves. */
function leave({ circuits, activity, metrics, claims, jobs }: Tables, { circuit, nowMs, index }: Run): void {
  const open = openRow(circuit, { nowMs, epoch: index + 1 });
  circuits.update(circuit, () => ({
    row: open,
    transitions: [
      {
        circuit,
        atMs: nowMs,
        from: 'closed',
        to: 'open',
        epoch: index + 1,
        why: 'threshold_reached',
        cause: null,
        manual: null,
        process: HERE,
      },
    ],
    result: undefined,
  }));
  metrics.add(() => ({
    counters: [
      { family: 's3_circuit_breaker_transitions_total', labels: { circuit_name: circuit, to: 'open' }, value: 1 },
    ],
    gauges: [],
    histograms: [],
    refusals: [{ circuit, epoch: index + 1, count: 1 }],
  }));
  activity.add([{ circuit, slotMs: nowMs, successes: 0, errors: 1, refused: 0, durations: [], retries: [] }], nowMs);
  claims.take(`download ${index}`, { process: HERE, now: () => nowMs, leaseMs: 60_000, checkOwner: dead });
  jobs.put({
    id: String(index),
    process: HERE,
    target: null,
    startedAtMs: nowMs,
    updatedAtMs: nowMs,
    movedBytes: 0,
    totalBytes: null,
    objectsStarted: 1,
    objectsDone: 0,
    objectsFailed: 0,
  });
}

function openRow(name: string, { nowMs, epoch }: { nowMs: number; epoch: number }): CircuitRow {
  const state = {
    state: 'open',
    openedAtMs: nowMs,
    openForMs: 60_000,
    changedAtMs: nowMs,
    epoch,
    failures: 5,
  } as const;
  return { ...initialRow(name, DEFAULT_CIRCUIT_SETTINGS), ...state };
}

function sizes({ database }: Tables): Readonly<Record<string, number>> {
  const tables = [
    'circuits',
    'met_circuits',
    'transitions',
    'refusals',
    'counters',
    'activity',
    'claims',
    'jobs',
    'marks',
  ];
  return Object.fromEntries(
    tables.map((table) => [table, Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'])]),
  );
}

it('2,000 endpoints and 20,000 killed runs in a year stay within the rules', () => {
  const tables = openTables(openMemory(), {
    clock: { now: () => BEGAN_MS + 366 * DAY_MS },
    onUnusableRow: () => undefined,
  });
  const isolated: CircuitRow = {
    ...openRow('s3-upload@isolated', { nowMs: BEGAN_MS, epoch: 1 }),
    state: 'isolated',
    manual: { by: 'ops', atMs: BEGAN_MS, reason: null, untilMs: null },
  };
  tables.circuits.update(isolated.name, () => ({ row: isolated, transitions: [], result: undefined }));
  let cleanUps = 0;
  for (let index = 0; index < RUNS; index += 1) {
    const nowMs = BEGAN_MS + Math.floor((index * 365 * DAY_MS) / RUNS);
    const port = Math.floor((index * ENDPOINTS) / RUNS);
    leave(tables, { circuit: `s3-upload@127.0.0.1:${port}`, nowMs, index });
    if (!tables.cleanUp.isDue(nowMs)) continue;
    cleanUps += 1;
    tables.cleanUp.run({ nowMs, checkOwner: dead });
  }
  const kept = sizes(tables);
  // 90 days of 2,000 endpoints a year, and what came after the last clean-up.
  expect(kept['circuits']).toBeLessThan((ENDPOINTS * 91) / 365 + 10);
  expect(kept['met_circuits']).toBeLessThan((ENDPOINTS * 91) / 365 + 10);
  expect(kept['counters']).toBeLessThan((ENDPOINTS * 91) / 365 + 10);
  expect(kept['transitions']).toBeLessThanOrEqual(HISTORY_KEPT);
  expect(kept['refusals']).toBeLessThanOrEqual(HISTORY_KEPT);
  expect(kept['claims']).toBeLessThan((RUNS * 9) / 365);
  expect(kept['jobs']).toBeLessThan(100);
  expect(kept['activity']).toBeLessThan(100);
  expect(tables.circuits.read(isolated.name)).toEqual(isolated);
  expect(cleanUps).toBeLessThan(380);
  tables.database.close();
});

it('keeps a number of circuits, however many were met in 90 days, and those of a living owner', () => {
  const tables = openTables(openMemory(), { clock: { now: () => BEGAN_MS }, onUnusableRow: () => undefined });
  for (let index = 0; index < ENDPOINTS; index += 1) {
    const name = `s3-upload@127.0.0.1:${index}`;
    const row = openRow(name, { nowMs: BEGAN_MS - (index % 80) * DAY_MS, epoch: 1 });
    tables.circuits.update(name, () => ({ row, transitions: [], result: undefined }));
  }
  const claimed = { process: HERE, now: () => BEGAN_MS - 30 * DAY_MS, leaseMs: 60_000, checkOwner: dead };
  tables.claims.take('upload of a stopped process', claimed);
  tables.claims.take('upload of another boot', { ...claimed, process: { ...HERE, bootId: 'other' } });
  tables.cleanUp.run({ nowMs: BEGAN_MS, checkOwner: ({ bootId }) => (bootId === HERE.bootId ? 'alive' : 'unknown') });
  expect(sizes(tables)).toMatchObject({ circuits: CIRCUITS_KEPT, claims: 1 });
  expect(tables.cleanUp.isDue(BEGAN_MS + DAY_MS - 1)).toBe(false);
  expect(tables.cleanUp.isDue(BEGAN_MS + DAY_MS)).toBe(true);
  tables.database.close();
});

it('keeps the totals of operations, with no circuit at all', () => {
  const tables = openTables(openMemory(), { clock: { now: () => BEGAN_MS }, onUnusableRow: () => undefined });
  const counters = [{ family: 's3_operations_total', labels: { bucket: 'b' }, value: 7 }];
  tables.metrics.add(() => ({ counters, gauges: [], histograms: [], refusals: [] }));
  tables.cleanUp.run({ nowMs: BEGAN_MS, checkOwner: dead });
  expect(tables.metrics.read().counters).toEqual(counters);
  tables.database.close();
});

it('a circuit that a clock left in the future is as new as the first clean-up', () => {
  const tables = openTables(openMemory(), { clock: { now: () => BEGAN_MS }, onUnusableRow: () => undefined });
  const row = openRow('s3-upload@future', { nowMs: BEGAN_MS + 1000 * DAY_MS, epoch: 1 });
  tables.circuits.update(row.name, () => ({ row, transitions: [], result: undefined }));
  const run = (nowMs: number): void => tables.cleanUp.run({ nowMs, checkOwner: dead });
  run(BEGAN_MS);
  run(BEGAN_MS + 80 * DAY_MS);
  expect(tables.circuits.read(row.name)).toBeDefined();
  run(BEGAN_MS + 91 * DAY_MS);
  expect(tables.circuits.read(row.name)).toBeUndefined();
  tables.database.close();
});

it('breaker-status shows closed circuits of the last 7 days, and all of them on request', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  for (const scope of ['old', 'new', 'held']) {
    await program.run(['breaker-reset', `s3-upload@${scope}`]);
  }
  await program.run(['breaker-isolate', 's3-upload@held']);
  const database = new DatabaseSync(program.path('state', 'state.db'));
  database.exec(`UPDATE circuits SET changed_at_ms = changed_at_ms - ${8 * DAY_MS} WHERE name NOT LIKE '%new'`);
  database.close();
  const namesOf = async (...flags: readonly string[]): Promise<readonly string[]> => {
    const { circuits } = readDocument(await program.run(['breaker-status', '--json', ...flags]));
    return (circuits as readonly { name: string }[]).map(({ name }) => name).filter((name) => !name.includes('127.'));
  };
  expect(await namesOf()).toEqual(['s3-upload@held', 's3-upload@new']);
  expect(await namesOf('--all-scopes')).toEqual(['s3-upload@held', 's3-upload@new', 's3-upload@old']);
});
