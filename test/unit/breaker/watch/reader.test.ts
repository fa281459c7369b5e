import { DatabaseSync } from 'node:sqlite';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWatchReader } from '../../../../src/breaker/watch/reader.ts';
import { findQuantileMs } from '../../../../src/metrics/quantile.ts';
import type { CircuitGate } from '../../../../src/circuit/circuit-gate.ts';
import { createWatchRun } from '../../../support/watch-run.ts';
import { JOB, NOW } from '../../../support/watch.ts';

const UPLOAD = 's3-upload@x';
const SPAN_MS = 300_000;
const FAILURE = { code: 'SlowDown', message: 'slow', httpStatus: 503, requestId: null };

function fail(gate: CircuitGate, times = 1): void {
  for (let count = 0; count < times; count += 1) {
    const admission = gate.admit(UPLOAD);
    if (admission.kind === 'admitted') gate.settle(admission.permit, 'failure', FAILURE);
  }
}

describe('createWatchReader', () => {
  it('reads a missing state as missing, with both circuits closed, and creates nothing', async () => {
    await using watch = await createWatchRun();
    const { stateFile, circuits, jobs } = await createWatchReader(watch.run, {
      names: [],
      scopes: 'all',
      isEscaped: false,
    }).read(SPAN_MS);
    expect(stateFile).toEqual({ path: join(watch.directory, 'state.db'), condition: 'missing' });
    expect(circuits.map(({ name, view }) => [name, view.state])).toEqual([
      ['s3-download@x', 'closed'],
      [UPLOAD, 'closed'],
    ]);
    expect(jobs).toEqual([]);
  });

  it('sees a file that is created later, and every change by other processes', async () => {
    await using watch = await createWatchRun();
    const reader = createWatchReader(watch.run, { names: [UPLOAD], scopes: 'all', isEscaped: false });
    await reader.read(SPAN_MS);
    const { gate } = watch.other();
    fail(gate);
    expect(await reader.read(SPAN_MS)).toMatchObject({
      stateFile: { condition: 'ready' },
      circuits: [{ view: { state: 'closed', row: { failures: 1 } } }],
    });
    fail(gate, 4);
    const [circuit] = (await reader.read(SPAN_MS)).circuits;
    expect(circuit).toMatchObject({ view: { state: 'open', retryAfterMs: 60_000 }, history: [{ to: 'open' }] });
  });

  it('reads the file only if it changed, and still counts time', async () => {
    await using watch = await createWatchRun();
    fail(watch.other().gate, 5);
    const reader = createWatchReader(watch.run, { names: [UPLOAD], scopes: 'all', isEscaped: false });
    await reader.read(SPAN_MS);
    const [reads, opens] = [watch.reads(), watch.opens()];
    for (let second = 1; second <= 59; second += 1) {
      await watch.clock.advance(1000);
      const [circuit] = (await reader.read(SPAN_MS)).circuits;
      expect(circuit?.view.retryAfterMs).toBe(60_000 - second * 1000);
    }
    expect([watch.reads(), watch.opens()]).toEqual([reads, opens]);
    await watch.clock.advance(1000);
    expect((await reader.read(SPAN_MS)).circuits[0]?.view.state).toBe('half_open');
    reader.forget();
    await reader.read(SPAN_MS);
    expect(watch.reads()).toBeGreaterThan(reads);
    expect(watch.opens()).toBe(opens);
  });

  it('reopens the file if it was replaced', async () => {
    await using watch = await createWatchRun();
    fail(watch.other().gate, 5);
    const reader = createWatchReader(watch.run, { names: [UPLOAD], scopes: 'all', isEscaped: false });
    expect((await reader.read(SPAN_MS)).circuits[0]?.view.state).toBe('open');
    await rm(watch.directory, { recursive: true });
    expect((await reader.read(SPAN_MS)).stateFile.condition).toBe('missing');
    fail(watch.other().gate, 1);
    expect((await reader.read(SPAN_MS)).circuits[0]?.view.row.failures).toBe(1);
  });

  it('reports a corrupt file, and sees when it is repaired', async () => {
    await using watch = await createWatchRun();
    await watch.replaceFile('this is no database, and long enough to be looked at');
    const reader = createWatchReader(watch.run, { names: [], scopes: 'all', isEscaped: false });
    expect((await reader.read(SPAN_MS)).stateFile.condition).toBe('corrupt');
    await rm(join(watch.directory, 'state.db'));
    fail(watch.other().gate, 2);
    const { stateFile, circuits } = await reader.read(SPAN_MS);
    expect([stateFile.condition, circuits.map(({ view }) => view.row.failures)]).toEqual(['ready', [0, 2]]);
  });

  it('reports a file of a newer breakwater, and checks again every 2 s', async () => {
    await using watch = await createWatchRun();
    fail(watch.other().gate);
    const database = new DatabaseSync(join(watch.directory, 'state.db'));
    database.exec('PRAGMA user_version = 99');
    const reader = createWatchReader(watch.run, { names: [], scopes: 'all', isEscaped: false });
    expect((await reader.read(SPAN_MS)).stateFile.condition).toBe('newer_schema');
    database.exec('PRAGMA user_version = 1');
    database.close();
    await watch.clock.advance(1999);
    expect((await reader.read(SPAN_MS)).stateFile.condition).toBe('newer_schema');
    await watch.clock.advance(1);
    expect((await reader.read(SPAN_MS)).stateFile.condition).toBe('ready');
  });

  it('counts the refusals of an outage, and detects a wrong clock', async () => {
    await using watch = await createWatchRun();
    const { gate, state } = watch.other();
    fail(gate, 5);
    const refusals = [{ circuit: UPLOAD, epoch: state.circuits.read(UPLOAD)?.epoch ?? 0, count: 14 }];
    state.metrics.add(() => ({ counters: [], histograms: [], gauges: [], refusals }));
    const reader = createWatchReader(watch.run, { names: [UPLOAD], scopes: 'all', isEscaped: false });
    expect((await reader.read(SPAN_MS)).circuits[0]).toMatchObject({ refused: 14, isClockAskew: false });
    watch.clock.stepWall(-3_600_000);
    expect((await reader.read(SPAN_MS)).circuits[0]).toMatchObject({
      isClockAskew: true,
      view: { retryAfterMs: 60_000 },
    });
  });

  it('sums the activity of the span by slot, the last one is now', async () => {
    await using watch = await createWatchRun();
    const { state } = watch.other();
    const slot = { circuit: UPLOAD, successes: 0, errors: 0, refused: 0, durations: [], retries: [] };
    const nowMs = Math.floor(NOW / 10_000) * 10_000;
    state.activity.add(
      [
        { ...slot, slotMs: nowMs, errors: 2, refused: 1, durations: [0, 0, 2], retries: [2, 1] },
        { ...slot, slotMs: nowMs - 290_000, successes: 8, durations: [0, 8], retries: [1] },
        { ...slot, slotMs: nowMs - 300_000, successes: 100, durations: [100] },
        { ...slot, slotMs: nowMs, circuit: 'other', successes: 7 },
      ],
      NOW,
    );
    const reader = createWatchReader(watch.run, { names: [UPLOAD], scopes: 'all', isEscaped: false });
    const activity = (await reader.read(SPAN_MS)).circuits[0]?.activity;
    expect(activity).toMatchObject({ retries: [3, 1], p50Ms: 25, p95Ms: 50 });
    expect([
      activity?.successes.length,
      activity?.successes[0],
      activity?.errors.at(-1),
      activity?.refused.at(-1),
    ]).toEqual([30, 8, 2, 1]);
    const hour = (await reader.read(3_600_000)).circuits[0]?.activity;
    expect(hour?.successes.reduce((sum, count) => sum + count, 0)).toBe(108);
  });

  it('marks jobs whose process has ended', async () => {
    await using watch = await createWatchRun();
    const { state, process } = watch.other();
    const { isAlive: _, ...job } = JOB;
    state.jobs.put({ ...job, id: 'alive', process });
    state.jobs.put({ ...job, id: 'dead', process: { ...process, startTime: '1' } });
    const { jobs } = await createWatchReader(watch.run, { names: [], scopes: 'all', isEscaped: false }).read(SPAN_MS);
    expect(jobs.map(({ id, isAlive }) => [id, isAlive])).toEqual([
      ['alive', true],
      ['dead', process.bootId === null],
    ]);
  });

  it('escapes names on request, except the names for actions', async () => {
    await using watch = await createWatchRun();
    const { state, gate } = watch.other();
    const name = 's3-upload@\u001b[2J';
    gate.isolate(name, { by: 'ops\u0007', reason: null, forMs: null });
    state.jobs.put({ ...JOB, target: 's3://b/\u0007' });
    const raw = await createWatchReader(watch.run, { names: [name], scopes: 'all', isEscaped: false }).read(SPAN_MS);
    expect(raw).toMatchObject({ circuits: [{ name, view: { name } }], jobs: [{ target: 's3://b/\u0007' }] });
    const safe = await createWatchReader(watch.run, { names: [name], scopes: 'all', isEscaped: true }).read(SPAN_MS);
    expect(safe).toMatchObject({
      circuits: [
        {
          name,
          view: { name: 's3-upload@\\x1b[2J' },
          history: [{ circuit: 's3-upload@\\x1b[2J', manual: { by: 'ops\\x07' } }],
        },
      ],
      jobs: [{ target: 's3://b/\\x07' }],
    });
  });

  it('is the same snapshot within a second if nothing waits or runs', async () => {
    await using watch = await createWatchRun();
    const reader = createWatchReader(watch.run, { names: [], scopes: 'all', isEscaped: false });
    const first = await reader.read(SPAN_MS);
    await watch.clock.advance(999);
    expect(await reader.read(SPAN_MS)).toBe(first);
    expect(await reader.read(900_000)).not.toBe(first);
    await watch.clock.advance(1);
    expect((await reader.read(SPAN_MS)).takenAtMs).toBe(NOW + 1000);
  });

  it('refuses an unknown name', async () => {
    await using watch = await createWatchRun();
    await expect(
      createWatchReader(watch.run, { names: ['s4'], scopes: 'all', isEscaped: false }).read(SPAN_MS),
    ).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('findQuantileMs', () => {
  it.each([
    ['nothing', [], 0.5, null],
    ['zeros', [0, 0], 0.5, null],
    ['one', [0, 1], 0.5, 25],
    ['the first half', [1, 1], 0.5, 10],
    ['the last of many', [99, 0, 1], 0.95, 10],
    ['the tail', [90, 0, 10], 0.95, 50],
    ['the least', [0, 0, 4], 0, 50],
    ['beyond the last bound', [...Array.from({ length: 14 }, () => 0), 1], 0.5, Infinity],
  ])('of %s', (_what, durations, share, ms) => {
    expect(findQuantileMs(durations, share)).toBe(ms);
  });
});
