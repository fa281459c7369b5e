import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, vi } from 'vitest';
import {
  DEFAULT_CIRCUIT_SETTINGS,
  type CircuitRow,
  type CircuitSettings,
  type Transition,
} from '../../src/circuit/circuit.ts';
import { admit, initialRow, settle } from '../../src/circuit/state-machine.ts';
import { PATIENCE } from '../support/patience.ts';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import { spawnWorker } from '../support/spawn-worker.ts';
import { createTestState, type TestState } from '../support/state.ts';

/** Rounds of random SIGKILL; `npm run proof` asks for 500. */
const KILL_ROUNDS = Number(process.env['BREAKWATER_KILL_ROUNDS'] ?? 40);

/** Whole commands at once, each of which loads the SDK; `npm run proof` asks for 60. */
const COMMANDS = Number(process.env['BREAKWATER_COMMANDS'] ?? 10);

/** Processes that are alive in each of those rounds, but for the one that was killed. */
const CHURNERS = 3;
const ALL_DIE_EVERY = 10;

const CIRCUIT = 's3-upload@test';

function settings(more: Partial<CircuitSettings> = {}): CircuitSettings {
  return { ...DEFAULT_CIRCUIT_SETTINGS, ...more };
}

describe('many processes on one circuit', () => {
  it('32 at once lose no failure, even when they start without a state file', async () => {
    await using test = await createTestState();
    const order = {
      directory: test.directory,
      circuit: CIRCUIT,
      mode: 'fail',
      times: 10,
      settings: settings({ failureThreshold: 1_000_000 }),
    } as const;
    const reports = await Promise.all(Array.from({ length: 32 }, async () => await spawnWorker(order).ended));
    expect(reports).toEqual(reports.map(() => ({ warnings: [], refused: 0, stale: 0 })));
    expect(test.open().circuits.read(CIRCUIT)).toMatchObject({ state: 'closed', failures: 320, epoch: 0 });
  });

  it('50 processes that fail once each, with a threshold of 1000, end at exactly 50', async () => {
    await using test = await createTestState();
    const order = {
      directory: test.directory,
      circuit: CIRCUIT,
      mode: 'fail',
      times: 1,
      settings: settings({ failureThreshold: 1000 }),
    } as const;
    const reports = await Promise.all(Array.from({ length: 50 }, async () => await spawnWorker(order).ended));
    expect(reports).toEqual(reports.map(() => ({ warnings: [], refused: 0, stale: 0 })));
    expect(test.open().circuits.read(CIRCUIT)).toMatchObject({ state: 'closed', failures: 50, epoch: 0 });
  });

  it(`${COMMANDS} commands that fail once each, with a threshold of 1000, end at exactly ${COMMANDS}`, async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({
      ...sandbox.env,
      BREAKWATER_RETRIES: '0',
      BREAKWATER_FAILURE_THRESHOLD: '1000',
    });
    await writeFile(program.path('file'), 'x');
    sandbox.addFault('PutObject:500:InternalError');
    const statuses = await Promise.all(
      Array.from({ length: COMMANDS }, async () => (await program.run(['put', 'file', 's3://bucket/key'])).status),
    );
    expect(new Set(statuses)).toEqual(new Set([69]));
    const { circuits } = readDocument(await program.run(['breaker-status', '--json', 's3-upload']));
    expect(circuits).toMatchObject([{ state: 'closed', failures: COMMANDS }]);
    expect((await program.run(['metrics'])).text).toContain(`result="error"} ${COMMANDS}`);
  });
});

/** A circuit that one failure has opened and that is due for a probe. */
async function createDueCircuit(env: Readonly<Record<string, string>> = {}) {
  const sandbox = await startTestSandbox();
  const program = await Program.create({
    ...sandbox.env,
    BREAKWATER_RETRIES: '0',
    BREAKWATER_FAILURE_THRESHOLD: '1',
    BREAKWATER_OPEN_FOR: '1ms',
    ...env,
  });
  await writeFile(program.path('file'), 'x');
  const put = ['put', '--json', 'file', 's3://bucket/key'];
  const fault = sandbox.addFault('PutObject:500:InternalError');
  expect((await program.run(put)).status).toBe(69);
  sandbox.removeFault(fault);
  sandbox.clearRequests();
  const status = async (): Promise<Record<string, unknown>> => {
    const { circuits } = readDocument(await program.run(['breaker-status', '--json', 's3-upload']));
    return (circuits as Record<string, unknown>[])[0]!;
  };
  return {
    sandbox,
    program,
    put,
    status,
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]();
      await sandbox.close();
    },
  };
}

describe('the probe', () => {
  it('is the only one of 20 simultaneous callers; its slot is free as soon as its process is killed', async () => {
    await using stage = await createDueCircuit();
    const { sandbox, program, put, status } = stage;
    const held = sandbox.addFault('PutObject:hang');
    const started = Array.from({ length: 20 }, () => program.start(put));
    const all = started.map(async ({ child, ended }) => ({ child, ...(await ended) }));
    // All but one end on their own; the one that was let through hangs at the server.
    const refused: Awaited<(typeof all)[number]>[] = [];
    for (const each of all) void each.then((result) => refused.push(result));
    await vi.waitFor(() => expect(refused).toHaveLength(19), PATIENCE);

    expect(sandbox.requests()).toHaveLength(1);
    for (const result of refused) {
      expect(result.status).toBe(75);
      expect(readDocument(result).error).toMatchObject({ code: 'circuit_open', reason: 'probe_in_progress' });
    }
    const prober = started.find(({ child }) => !refused.some((result) => result.child === child))!;
    expect(await status()).toMatchObject({
      state: 'half_open',
      would_refuse: true,
      probe: { process: { pid: prober.child.pid } },
    });

    sandbox.removeFault(held);
    prober.child.kill('SIGKILL');
    await prober.ended;
    // The lease would last 30 s; nobody waits for it.
    expect((await program.run(put)).status).toBe(0);
    expect(await status()).toMatchObject({ state: 'half_open', successes: 1 });
  });

  it.each([
    ['two others have probed and closed it meanwhile', 2],
    ['nobody has asked meanwhile', 0],
  ])('that was stopped past its lease cannot move the circuit when it goes on: %s', async (_what, others) => {
    await using stage = await createDueCircuit();
    const { sandbox, program, put, status } = stage;
    sandbox.addFault('PutObject:500:InternalError:times=1:after=3s');
    const stopped = program.start([...put, '--verbose'], { env: { BREAKWATER_PROBE_LEASE: '1s' } });
    await vi.waitFor(() => expect(sandbox.requests()).toHaveLength(1), PATIENCE);
    stopped.child.kill('SIGSTOP');
    // Otherwise it has had its answer before it was stopped, and this test says nothing.
    expect(sandbox.requests()).toMatchObject([{ status: null }]);
    await vi.waitFor(
      async () => expect(await status()).toMatchObject({ state: 'half_open', would_refuse: false }),
      PATIENCE,
    );
    for (let count = 0; count < others; count += 1) expect((await program.run(put)).status).toBe(0);
    const before = await status();
    expect(before).toMatchObject(others > 0 ? { state: 'closed', failures: 0 } : { state: 'half_open', successes: 0 });

    stopped.child.kill('SIGCONT');
    const result = await stopped.ended;

    expect(result.status).toBe(69);
    expect(result.stderr).toMatch(/debug: .*ignored/);
    expect(await status()).toEqual(before);
    expect((await program.run(['metrics'])).text).toMatch(/^s3_circuit_breaker_stale_results_total\{.*\} 1$/m);
  });
});

describe('processes that are killed', () => {
  it(
    `leave a file that is whole, and an epoch that never falls, over ${KILL_ROUNDS} rounds`,
    async () => {
      await using test = await createTestState();
      const order = {
        directory: test.directory,
        circuit: CIRCUIT,
        mode: 'churn',
        times: 1_000_000,
        pauseMs: 1,
        settings: settings({ failureThreshold: 2, openForMs: 1 }),
      } as const;
      let workers = Array.from({ length: CHURNERS }, () => spawnWorker(order));
      let epoch = 0;
      for (let round = 0; round < KILL_ROUNDS; round += 1) {
        // One of them, so that the others go on; at times all, so that the next one finds the file as the dead left it.
        const doomed = round % ALL_DIE_EVERY === 0 ? workers : workers.slice(0, 1);
        await Promise.all(doomed.map(async ({ ready }) => await ready));
        // Wherever in their work they are by now.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
        for (const { child } of doomed) child.kill('SIGKILL');
        await Promise.all(doomed.map(async ({ ended }) => expect(await ended).toBeNull()));
        epoch = expectWholeFile(test, epoch);
        workers = [...workers.slice(doomed.length), ...doomed.map(() => spawnWorker(order))];
      }
      for (const { child } of workers) child.kill('SIGKILL');
      await Promise.all(workers.map(async ({ ended }) => await ended));
      expectWholeFile(test, epoch);
      const history = test.open().circuits.transitions({ circuit: CIRCUIT, limit: 1000 });
      expect(history.length).toBeGreaterThan(Math.min(KILL_ROUNDS, 999));
      expectLegalHistory(history);
    },
    60_000 + KILL_ROUNDS * 5000,
  );
});

/** Nothing in the file is broken, and its epoch has not fallen. @returns its epoch */
function expectWholeFile(test: TestState, epochBefore: number): number {
  const database = new DatabaseSync(join(test.directory, 'state.db'), { timeout: PATIENCE.timeout });
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  database.close();
  const state = test.open();
  const epoch = state.circuits.read(CIRCUIT)?.epoch ?? 0;
  expect(epoch).toBeGreaterThanOrEqual(epochBefore);
  expect(state.problem()).toBeNull();
  state.close();
  return epoch;
}

interface Arrival {
  readonly epoch: number;
  readonly probe: string;
  readonly fromMs: number;
  toMs: number;
  ok: boolean;
}

describe('the order of events', () => {
  it("of 8 processes against changing faults agrees with the server's own log", async () => {
    const arrivals: Arrival[] = [];
    let isDown = false;
    const server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://x');
      const arrival: Arrival = {
        epoch: Number(searchParams.get('epoch')),
        probe: searchParams.get('probe') ?? '',
        fromMs: performance.now(),
        toMs: 0,
        ok: !isDown,
      };
      arrivals.push(arrival);
      if (arrivals.length % 25 === 0) isDown = !isDown;
      setTimeout(() => {
        arrival.toMs = performance.now();
        response.writeHead(arrival.ok ? 200 : 503).end();
      }, Math.random() * 4);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await using test = await createTestState();
    const order = {
      directory: test.directory,
      circuit: CIRCUIT,
      mode: 'call',
      times: 120,
      pauseMs: 2,
      url,
      log: join(test.directory, 'writes'),
      settings: settings({ openForMs: 15 }),
    } as const;
    await mkdir(test.directory);
    const reports = await Promise.all(Array.from({ length: 8 }, async () => await spawnWorker(order).ended));
    server.close();
    server.closeAllConnections();
    await once(server, 'close');

    expect(reports.flatMap((report) => report?.warnings ?? ['killed'])).toEqual([]);
    const writes = (await readFile(order.log, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as readonly [CircuitRow | null, CircuitRow]);
    expectOneChain(writes, test.open().circuits.read(CIRCUIT));
    replayIntoMachine(writes);
    const history = test.open().circuits.transitions({ circuit: CIRCUIT, limit: 1000 }).toReversed();
    expectLegalHistory(history.toReversed());
    expect(history.filter(({ to }) => to === 'open').length).toBeGreaterThan(1);

    const stateOf = new Map<number, string>([[0, 'closed'], ...history.map(({ epoch, to }) => [epoch, to] as const)]);
    for (const { epoch, probe } of arrivals) {
      // Nothing leaves in an epoch that is open; in a half-open one only probes, in a closed one only calls.
      expect([epoch, stateOf.get(epoch)]).toEqual([epoch, probe === '' ? 'closed' : 'half_open']);
    }
    expectNoOverlap(arrivals.filter(({ probe }) => probe !== ''));
    for (const [index, { why }] of history.entries()) {
      const before = history[index - 1]?.epoch ?? 0;
      const [failed, succeeded] = [false, true].map(
        (ok) => arrivals.filter((each) => each.epoch === before && each.ok === ok).length,
      );
      if (why === 'threshold_reached') expect(failed).toBeGreaterThanOrEqual(5);
      if (why === 'probe_failed') expect(failed).toBe(1);
      if (why === 'probes_succeeded') expect([failed, succeeded]).toEqual([0, 2]);
    }
  });
});

/** Each change begins where the one before ended, in a later epoch, by a rule that leads there. */
function expectLegalHistory(newestFirst: readonly Transition[]): void {
  const rules: Readonly<Record<Transition['why'], readonly string[]>> = {
    threshold_reached: ['closed>open'],
    probe_due: ['open>half_open'],
    probe_failed: ['half_open>open'],
    probes_succeeded: ['half_open>closed'],
    reset: ['closed>closed', 'open>closed', 'half_open>closed', 'isolated>closed'],
    isolated: ['closed>isolated', 'open>isolated', 'half_open>isolated', 'isolated>isolated'],
    isolation_ended: ['isolated>closed'],
  };
  const oldestFirst = newestFirst.toReversed();
  for (const [index, { from, to, why, epoch, atMs }] of oldestFirst.entries()) {
    expect(rules[why]).toContain(`${from}>${to}`);
    const before = oldestFirst[index - 1];
    if (before !== undefined) expect([from, epoch]).toEqual([before.to, Math.max(before.epoch + 1, atMs)]);
  }
}

/** Invariant 1: one probe in flight. */
function expectNoOverlap(probes: readonly Arrival[]): void {
  const sorted = probes.toSorted((a, b) => a.fromMs - b.fromMs);
  for (const [index, probe] of sorted.entries()) {
    expect(probe.fromMs).toBeGreaterThanOrEqual(sorted[index - 1]?.toMs ?? 0);
  }
}

/**
 * The writes of all processes together are one chain from no row to the last one: every row that was written was read
 * by exactly one later write, or is the last. So no update was lost, and none rested on a row that others had changed.
 */
function expectOneChain(
  writes: readonly (readonly [CircuitRow | null, CircuitRow])[],
  last: CircuitRow | undefined,
): void {
  const balance = new Map<string, number>();
  const add = (row: CircuitRow | null, by: number): void => {
    const key = JSON.stringify(row);
    balance.set(key, (balance.get(key) ?? 0) + by);
  };
  for (const [before, after] of writes) {
    add(before, -1);
    add(after, 1);
  }
  expect(Object.fromEntries([...balance].filter(([, count]) => count !== 0))).toEqual({
    null: -1,
    [JSON.stringify(last)]: 1,
  });
}

/** Each write is what the machine makes of the row that it read, by one of its inputs. */
function replayIntoMachine(writes: readonly (readonly [CircuitRow | null, CircuitRow])[]): void {
  for (const [read, after] of writes) {
    const before = read ?? initialRow(CIRCUIT, settings());
    const actor = after.lease?.owner ?? after.lastFailure?.process ?? before.lease!.owner;
    const base = { settings: settings({ openForMs: 15 }), process: actor };
    const moments = [after.changedAtMs, after.lastFailure?.atMs, before.changedAtMs, leaseBegin(after)].filter(
      (ms) => typeof ms === 'number',
    );
    const permit = { circuit: CIRCUIT, epoch: before.epoch, probeToken: before.lease?.token ?? null };
    const candidates = moments.flatMap((nowMs) => [
      admit(before, { ...base, nowMs, token: after.lease?.token ?? '', isOwnerAlive: true }).row,
      ...(['success', 'failure', 'neutral'] as const).map(
        (verdict) => settle(before, { ...base, nowMs, permit, verdict, failure: after.lastFailure }).row,
      ),
    ]);
    expect(candidates).toContainEqual(after);
  }
}

function leaseBegin({ lease }: CircuitRow): number | null {
  return lease === null ? null : lease.expiresAtMs - settings().probeLeaseMs;
}
