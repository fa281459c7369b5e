import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CIRCUIT_SETTINGS, type CircuitRow, type Transition } from '../../../src/circuit/circuit.ts';
import type { CircuitStore } from '../../../src/circuit/circuit-store.ts';
import { initialRow } from '../../../src/circuit/state-machine.ts';
import type { ClaimCheck, MetricDeltas, State } from '../../../src/state/state.ts';
import { createTestState } from '../../support/state.ts';

const PROCESS = { pid: 7, startTime: '1', bootId: 'boot', pidNamespace: 'pid:[1]', host: 'here', command: 'put' };
const NOTHING: MetricDeltas = { counters: [], histograms: [], gauges: [], refusals: [] };

const OPEN: CircuitRow = {
  ...initialRow('s3-upload@x', DEFAULT_CIRCUIT_SETTINGS),
  state: 'open',
  epoch: 1,
  failures: 5,
  openedAtMs: 1000,
  openForMs: 60_000,
  changedAtMs: 1000,
  lastFailure: {
    atMs: 1000,
    code: 'SlowDown',
    message: 'Reduce\n"your" rate',
    httpStatus: 503,
    requestId: 'r',
    process: PROCESS,
  },
};
const HALF_OPEN: CircuitRow = {
  ...OPEN,
  state: 'half_open',
  epoch: 2,
  lease: { token: 'token', expiresAtMs: 2000, owner: PROCESS },
  manual: { by: 'ops', atMs: 3, reason: null, untilMs: 4 },
};

function store(circuits: CircuitStore, row: CircuitRow, transitions: readonly Transition[] = []): void {
  circuits.update(row.name, () => ({ row, transitions, result: undefined }));
}

function transition(epoch: number, circuit = OPEN.name): Transition {
  return {
    circuit,
    atMs: epoch,
    from: 'closed',
    to: 'open',
    epoch,
    why: 'threshold_reached',
    cause: OPEN.lastFailure,
    manual: null,
    process: PROCESS,
  };
}

function count(state: State, family: string, value: number, labels: Record<string, string> = { bucket: 'b' }): void {
  state.metrics.add(() => ({ ...NOTHING, counters: [{ family, labels, value }] }));
}

describe('the state file', () => {
  it('is not created by reading', async () => {
    await using test = await createTestState();
    const { circuits, metrics, problem } = test.open();
    expect(circuits.read('s3-upload@x')).toBeUndefined();
    expect(circuits.list()).toEqual([]);
    expect(circuits.transitions({ limit: 10 })).toEqual([]);
    expect(circuits.refusals('s3-upload@x', 0)).toBe(0);
    expect(metrics.read()).toEqual({ counters: [], gauges: [], histograms: [] });
    expect(problem()).toBeNull();
    expect(existsSync(test.directory)).toBe(false);
  });

  it('is accessible to its user only: directory 0700, files 0600', async () => {
    await using test = await createTestState();
    store(test.open().circuits, OPEN);
    expect(statSync(test.directory).mode % 0o1000).toBe(0o700);
    for (const name of await readdir(test.directory)) {
      expect([name, statSync(join(test.directory, name)).mode % 0o1000]).toEqual([name, 0o600]);
    }
  });

  it('passes the stored row to a change, and writes nothing if the change returns it', async () => {
    await using test = await createTestState();
    const { circuits } = test.open();
    store(circuits, OPEN);
    const before = await readFile(join(test.directory, 'state.db-wal'));
    const seen = circuits.update(OPEN.name, (row) => ({ row, transitions: [], result: row }));
    expect(seen).toEqual(OPEN);
    expect(await readFile(join(test.directory, 'state.db-wal'))).toEqual(before);
  });

  it('shows every change of a circuit at the next read, whoever made it', async () => {
    await using test = await createTestState();
    const [ours, theirs] = [test.open(), test.open()];
    for (const failures of [1, 2, 3]) {
      for (const writer of [ours, theirs, theirs, ours]) {
        store(writer.circuits, { ...OPEN, failures });
        for (const reader of [ours, theirs, ours])
          expect(reader.circuits.read(OPEN.name)).toEqual({ ...OPEN, failures });
      }
    }
    const failing = (): never => {
      throw new Error('no change');
    };
    expect(() => ours.circuits.update(OPEN.name, failing)).toThrow('no change');
    expect(ours.circuits.read(OPEN.name)).toEqual({ ...OPEN, failures: 3 });
    expect(ours.circuits.read('s3-upload@never')).toBeUndefined();
  });

  it('opened for a command, shows what others change in the next turn, and changes the row of the moment', async () => {
    await using test = await createTestState();
    const [ours, theirs] = [test.open({ readsOnceATurn: true }), test.open()];
    const failuresOf = ({ circuits }: State) => circuits.read(OPEN.name)?.failures;
    store(theirs.circuits, { ...OPEN, failures: 1 });
    expect(failuresOf(ours)).toBe(1);
    store(theirs.circuits, { ...OPEN, failures: 2 });
    expect(failuresOf(ours)).toBe(1);
    await setImmediate();
    expect(failuresOf(ours)).toBe(2);
    store(theirs.circuits, { ...OPEN, failures: 3 });
    ours.circuits.update(OPEN.name, (row) => {
      expect(row?.failures).toBe(3);
      return { row: { ...OPEN, failures: 4 }, transitions: [], result: undefined };
    });
    expect([failuresOf(ours), failuresOf(theirs)]).toEqual([4, 4]);
  });

  it('keeps the newest 1000 transitions of each circuit, newest first', async () => {
    await using test = await createTestState();
    const { circuits } = test.open();
    store(circuits, OPEN, [transition(1, 's3-download@y')]);
    store(
      circuits,
      OPEN,
      Array.from({ length: 1010 }, (_, index) => transition(index + 1)),
    );
    const kept = circuits.transitions({ circuit: OPEN.name, limit: 5000 });
    expect(kept).toHaveLength(1000);
    expect(kept[0]).toEqual(transition(1010));
    expect(kept.at(-1)?.epoch).toBe(11);
    expect(circuits.transitions({ limit: 5000 })).toHaveLength(1001);
    expect(circuits.transitions({ limit: 3 }).map(({ epoch }) => epoch)).toEqual([1010, 1009, 1008]);
  });

  it('adds counters, keeps the later time, and adds histograms per bucket', async () => {
    await using test = await createTestState();
    const one = {
      family: 'h',
      labels: { operation: 'put_object', bucket: 'b' },
      bounds: [1, 2],
      counts: [1, 0, 2],
      sum: 7,
    };
    const deltas: MetricDeltas = {
      counters: [{ family: 'c', labels: { b: '2', a: '1' }, value: 2 }],
      gauges: [{ family: 'g', labels: {}, value: 50 }],
      histograms: [one],
      refusals: [{ circuit: OPEN.name, epoch: 3, count: 2 }],
    };
    test.open().metrics.add(() => deltas);
    const later = test.open();
    later.metrics.add(() => ({
      ...deltas,
      counters: [{ family: 'c', labels: { a: '1', b: '2' }, value: 3 }],
      gauges: [{ family: 'g', labels: {}, value: 40 }],
    }));
    expect(test.open().metrics.read()).toEqual({
      counters: [{ family: 'c', labels: { a: '1', b: '2' }, value: 5 }],
      gauges: [{ family: 'g', labels: {}, value: 50 }],
      histograms: [{ ...one, counts: [2, 0, 4], sum: 14 }],
    });
    expect(later.circuits.refusals(OPEN.name, 3)).toBe(4);
    expect(later.circuits.refusals(OPEN.name, 0)).toBe(4);
    expect(later.circuits.refusals(OPEN.name, 4)).toBe(0);
  });

  it('starts a histogram from 0 when its bounds have changed', async () => {
    await using test = await createTestState();
    const { metrics } = test.open();
    const old = { family: 'h', labels: {}, bounds: [1], counts: [4, 4], sum: 9 };
    const now = { family: 'h', labels: {}, bounds: [1, 2], counts: [1, 0, 0], sum: 0.5 };
    metrics.add(() => ({ ...NOTHING, histograms: [old] }));
    metrics.add(() => ({ ...NOTHING, histograms: [now] }));
    expect(metrics.read().histograms).toEqual([now]);
  });

  it('passes the known buckets to who adds metrics, and deletes all totals when cleared', async () => {
    await using test = await createTestState();
    const state = test.open();
    count(state, 'c', 1, { bucket: 'one' });
    count(state, 'c', 1, { bucket: 'two' });
    count(state, 'c', 1, { operation: 'x' });
    let known: readonly string[] = [];
    state.metrics.add((buckets) => {
      known = [...buckets];
      return NOTHING;
    });
    expect(known.toSorted()).toEqual(['one', 'two']);
    state.metrics.clear();
    expect(state.metrics.read().counters).toEqual([]);
  });
});

describe('a state file that cannot be used', () => {
  const BROKEN: readonly (readonly [string, (directory: string) => Promise<void>])[] = [
    ['garbage', async (directory) => await writeFile(join(directory, 'state.db'), 'no database at all '.repeat(1000))],
    ['cut short', async (directory) => await truncate(join(directory, 'state.db'), 6000)],
    ['without its tables', async (directory) => dropTables(join(directory, 'state.db'))],
  ];

  it.each(BROKEN)('%s: a write renames it, with one warning, and starts a new one', async (_name, spoil) => {
    await using test = await createTestState();
    await createAndClose(test);
    await spoil(test.directory);
    const spoilt = await readFile(join(test.directory, 'state.db'));

    const state = test.open();
    state.circuits.read(OPEN.name);
    state.circuits.list();
    store(state.circuits, HALF_OPEN);
    count(state, 'c', 1);
    state.close();

    expect(test.warnings).toEqual([
      expect.stringMatching(/was corrupt; it is now .*state\.db\.corrupt-2026-01-02T03-04-05/),
    ]);
    const aside = (await readdir(test.directory)).filter((name) =>
      /corrupt-[^-]*-[^-]*-[^-]*-[^-]*-[^-]*Z$/.test(name),
    );
    expect(aside).toHaveLength(1);
    expect(await readFile(join(test.directory, aside[0]!))).toEqual(spoilt);
    expect(test.open().circuits.list()).toEqual([HALF_OPEN]);
  });

  it.each(BROKEN)('%s: a read leaves it in place and warns once', async (_name, spoil) => {
    await using test = await createTestState();
    await createAndClose(test);
    await spoil(test.directory);
    const spoilt = await readFile(join(test.directory, 'state.db'));

    const state = test.open();
    state.circuits.list();
    state.metrics.read();
    state.circuits.read(OPEN.name);
    expect(state.problem()).toBe('corrupt');
    state.close();

    expect(test.warnings).toEqual([expect.stringMatching(/is corrupt/)]);
    expect(await readFile(join(test.directory, 'state.db'))).toEqual(spoilt);
    expect((await readdir(test.directory)).filter((name) => name.includes('corrupt'))).toEqual([]);
  });

  it('from a newer schema: is never written; the circuit works in memory with one warning', async () => {
    await using test = await createTestState();
    await createAndClose(test);
    const database = new DatabaseSync(join(test.directory, 'state.db'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    const before = await readFile(join(test.directory, 'state.db'));

    const state = test.open();
    expect(state.circuits.read(OPEN.name)).toBeUndefined();
    store(state.circuits, HALF_OPEN);
    expect(state.circuits.read(OPEN.name)).toEqual(HALF_OPEN);
    count(state, 'c', 1);
    expect(state.metrics.read().counters).toHaveLength(1);
    expect(state.problem()).toBe('newer_schema');
    state.close();

    expect(test.warnings).toEqual([expect.stringMatching(/newer breakwater.*memory/)]);
    expect(await readFile(join(test.directory, 'state.db'))).toEqual(before);
  });

  it('a file where the directory should be: works in memory with one warning', async () => {
    await using test = await createTestState();
    await writeFile(test.directory, '');
    const state = test.open();
    expect(state.circuits.list()).toEqual([]);
    store(state.circuits, OPEN);
    store(state.circuits, HALF_OPEN);
    expect(state.circuits.list()).toEqual([HALF_OPEN]);
    expect(state.problem()).toBe('unwritable');
    expect(test.warnings).toHaveLength(1);
  });

  it('a directory where the file should be: works in memory with one warning', async () => {
    await using test = await createTestState();
    await mkdir(join(test.directory, 'state.db'), { recursive: true });
    const state = test.open();
    store(state.circuits, OPEN);
    expect(state.circuits.list()).toEqual([OPEN]);
    expect(state.problem()).toBe('unwritable');
    expect(test.warnings).toHaveLength(1);
  });

  it('locked by another process: gives up within the limit, and continues from the rows it had seen', async () => {
    await using test = await createTestState();
    await createAndClose(test);
    const state = test.open();
    expect(state.circuits.read(OPEN.name)).toEqual(OPEN);
    const holder = new DatabaseSync(join(test.directory, 'state.db'));
    holder.exec('BEGIN IMMEDIATE');
    const startedAtMs = performance.now();
    const seen = state.circuits.update(OPEN.name, (row) => ({ row: HALF_OPEN, transitions: [], result: row }));
    const waitedMs = performance.now() - startedAtMs;
    count(state, 'c', 1);
    holder.exec('ROLLBACK');
    holder.close();

    expect(seen).toEqual(OPEN);
    expect(waitedMs).toBeGreaterThan(1500);
    expect(waitedMs).toBeLessThan(15_000);
    expect(state.circuits.read(OPEN.name)).toEqual(HALF_OPEN);
    expect(state.problem()).toBe('locked');
    expect(test.warnings).toEqual([expect.stringMatching(/is locked by another process/)]);
    expect(test.open().circuits.read(OPEN.name)).toEqual(OPEN);
  });
});

async function createAndClose(test: { readonly open: () => State }): Promise<void> {
  const state = test.open();
  store(state.circuits, OPEN, [transition(1)]);
  await Promise.resolve(state.close());
}

function dropTables(path: string): void {
  const database = new DatabaseSync(path);
  database.exec('DROP TABLE circuits; DROP TABLE counters');
  database.close();
}

describe('checkpoints', () => {
  it('are read by kind and id, as last saved, until they are removed', async () => {
    await using test = await createTestState();
    const { checkpoints } = test.open();
    expect(checkpoints.read('upload', 'a')).toBeUndefined();
    checkpoints.save({ kind: 'upload', id: 'a', document: { parts: [1] }, nowMs: 1 });
    checkpoints.save({ kind: 'upload', id: 'a', document: { parts: [1, 2] }, nowMs: 2 });
    checkpoints.save({ kind: 'download', id: 'a', document: null, nowMs: 3 });
    const other = test.open().checkpoints;
    expect(other.read('upload', 'a')).toEqual({ parts: [1, 2] });
    expect(other.list('upload')).toEqual([{ id: 'a', savedAtMs: 2, document: { parts: [1, 2] } }]);
    other.remove('upload', 'a');
    expect(checkpoints.read('upload', 'a')).toBeUndefined();
    expect(checkpoints.read('download', 'a')).toBeNull();
  });

  it.each([
    ['upload', 365, []],
    ['download', 3650, ['old']],
  ] as const)('of kind %s are kept for longer, because they name what is to be removed', async (kind, days, left) => {
    await using test = await createTestState();
    const { checkpoints } = test.open();
    const day = 24 * 3_600_000;
    checkpoints.save({ kind, id: 'old', document: 1, nowMs: 0 });
    checkpoints.save({ kind: 'sweep', id: 'x', document: 1, nowMs: days * day });
    checkpoints.save({ kind, id: 'new', document: 1, nowMs: days * day });
    expect(checkpoints.list(kind).map(({ id }) => id)).toEqual(['old', 'new']);
    checkpoints.save({ kind, id: 'new', document: 1, nowMs: days * day + 1 });
    expect(checkpoints.list(kind).map(({ id }) => id)).toEqual([...left, 'new']);
  });

  it('are listed by the beginning of their id', async () => {
    await using test = await createTestState();
    const { checkpoints } = test.open();
    for (const id of ['a', 'a-1', 'ab', 'b']) checkpoints.save({ kind: 'upload', id, document: 1, nowMs: 1 });
    expect(checkpoints.list('upload', 'a').map(({ id }) => id)).toEqual(['a', 'a-1', 'ab']);
  });

  it('of sweeps are deleted after 30 days', async () => {
    await using test = await createTestState();
    const { checkpoints } = test.open();
    const day = 24 * 3_600_000;
    checkpoints.save({ kind: 'sweep', id: 'old', document: 1, nowMs: 0 });
    checkpoints.save({ kind: 'sweep', id: 'new', document: 2, nowMs: 30 * day });
    expect(checkpoints.list('sweep').map(({ id }) => id)).toEqual(['old', 'new']);
    checkpoints.save({ kind: 'sweep', id: 'new', document: 2, nowMs: 30 * day + 1 });
    expect(checkpoints.list('sweep').map(({ id }) => id)).toEqual(['new']);
  });
});

describe('claims', () => {
  const OTHER = { ...PROCESS, pid: 8 };
  const living: Omit<ClaimCheck, 'now'> = { checkOwner: () => 'unknown', leaseMs: 100 };

  it('are held by one process until it releases them', async () => {
    await using test = await createTestState();
    const { claims } = test.open();
    expect(claims.take('sweep a', { ...living, process: PROCESS, now: () => 1000 })).toBeNull();
    const claim = { owner: PROCESS, takenAtMs: 1000, expiresAtMs: 1100 };
    const other = test.open().claims;
    expect(other.take('sweep a', { ...living, process: OTHER, now: () => 1050 })).toEqual(claim);
    expect(other.take('sweep b', { ...living, process: OTHER, now: () => 1050 })).toBeNull();
    other.release('sweep a', OTHER);
    expect(other.take('sweep a', { ...living, process: OTHER, now: () => 1050 })).toEqual(claim);
    claims.release('sweep a', PROCESS);
    expect(other.take('sweep a', { ...living, process: OTHER, now: () => 1050 })).toBeNull();
  });

  it.each([
    { why: 'its owner is dead', nowMs: 1050, life: 'dead' },
    { why: 'its lease has expired, and nobody can tell whether it lives', nowMs: 1100, life: 'unknown' },
    {
      why: 'the clock has jumped back to before it, and nobody can tell whether it lives',
      nowMs: 900,
      life: 'unknown',
    },
  ] as const)('are free again when $why', async ({ nowMs, life }) => {
    await using test = await createTestState();
    const { claims } = test.open();
    claims.take('sweep a', { ...living, process: PROCESS, now: () => 1000 });
    expect(
      claims.take('sweep a', { leaseMs: 100, checkOwner: () => life, process: OTHER, now: () => nowMs }),
    ).toBeNull();
    expect(claims.renew('sweep a', { process: PROCESS, now: () => nowMs, leaseMs: 100 })).toBe(false);
  });

  it('are held if they were renewed while another process waited for the state', async () => {
    await using test = await createTestState();
    const { claims } = test.open();
    claims.take('sweep a', { ...living, process: PROCESS, now: () => 1000 });
    claims.renew('sweep a', { process: PROCESS, now: () => 1055, leaseMs: 100 });
    let nowMs = 1050;
    const checkOwner = (): 'unknown' => {
      // The row has been read: it is later now.
      nowMs = 1060;
      return 'unknown';
    };
    const claimant = { leaseMs: 100, process: OTHER, checkOwner, now: () => nowMs };
    expect(claims.take('sweep a', claimant)).toMatchObject({ owner: PROCESS });
  });

  it.each([1100, 4_000_000, 900])('are held at %d by an owner that lives, whatever the lease says', async (nowMs) => {
    await using test = await createTestState();
    const { claims } = test.open();
    claims.take('sweep a', { ...living, process: PROCESS, now: () => 1000 });
    const check: ClaimCheck = { leaseMs: 100, checkOwner: () => 'alive', now: () => nowMs };
    expect(claims.take('sweep a', { ...check, process: OTHER })).toMatchObject({ owner: PROCESS });
    expect(claims.find('sweep a', check)).toMatchObject({ owner: PROCESS });
    expect(claims.find('sweep b', check)).toBeNull();
  });

  it('last while they are renewed', async () => {
    await using test = await createTestState();
    const { claims } = test.open();
    claims.take('sweep a', { ...living, process: PROCESS, now: () => 1000 });
    expect(claims.renew('sweep a', { process: PROCESS, now: () => 1090, leaseMs: 100 })).toBe(true);
    expect(claims.take('sweep a', { ...living, process: OTHER, now: () => 1150 })).toMatchObject({ expiresAtMs: 1190 });
  });
});
