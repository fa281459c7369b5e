import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CIRCUIT_SETTINGS, type CircuitRow, type CircuitSettings } from '../../src/circuit/circuit.ts';
import { createFleetGate } from '../../src/circuit/fleet-gate.ts';
import { systemClock } from '../../src/clock.ts';
import { identityOf } from '../support/fake-circuits.ts';
import type { FleetOrder, FleetReport } from '../support/fleet-worker.ts';
import { ENGINES, startRedis, type TestRedis } from '../support/redis-server.ts';
import { openTestFleet } from '../support/test-fleet.ts';

const CIRCUIT = 's3-upload@fleet';
const SCRIPT = fileURLToPath(new URL('../support/fleet-worker.ts', import.meta.url));

type Ordered = Pick<FleetOrder, 'host' | 'mode' | 'times'> & Partial<FleetOrder>;

interface Worker {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  /** Its lines, after it has ended. */
  readonly ended: Promise<readonly string[]>;
}

/** A fleet on one engine: a state directory for each host. */
class Stage implements AsyncDisposable {
  readonly engine: TestRedis;
  readonly #directory: string;
  readonly settings: CircuitSettings;
  readonly #workers: ChildProcess[] = [];

  private constructor(engine: TestRedis, directory: string, settings: CircuitSettings) {
    this.engine = engine;
    this.#directory = directory;
    this.settings = settings;
  }

  static async create(settings: Partial<CircuitSettings> = {}): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), 'breakwater-fleet-'));
    return new Stage(await startRedis(), directory, { ...DEFAULT_CIRCUIT_SETTINGS, ...settings });
  }

  start(ordered: Ordered): Worker {
    const directory = join(this.#directory, ordered.host);
    const fixed = { directory, circuit: CIRCUIT, settings: this.settings, quorum: 2, url: this.engine.url };
    const args = [SCRIPT, JSON.stringify({ ...fixed, ...ordered } satisfies FleetOrder)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 300_000 });
    this.#workers.push(child);
    let output = '';
    const lines = (): readonly string[] => output.trimEnd().split('\n');
    const ready = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (lines().length > (ordered.mode === 'hold' ? 1 : 0)) resolve();
      });
      child.once('close', () => resolve());
    });
    const ended = new Promise<readonly string[]>((resolve) => child.once('close', () => resolve(lines())));
    return { child, ready, ended };
  }

  async run(...orders: readonly Ordered[]): Promise<readonly FleetReport[]> {
    const workers = orders.map((ordered) => this.start(ordered));
    const reports = await Promise.all(
      workers.map(async ({ ended }) => JSON.parse((await ended).at(-1) ?? '') as FleetReport),
    );
    expect(reports.flatMap(({ failed }) => failed)).toEqual([]);
    return reports;
  }

  async row(): Promise<CircuitRow | undefined> {
    const fleet = openTestFleet(this.engine.url);
    const { rows } = await fleet.read([CIRCUIT]);
    fleet.close();
    return rows.get(CIRCUIT);
  }

  async history() {
    const fleet = openTestFleet(this.engine.url);
    const transitions = await fleet.transitions({ circuit: CIRCUIT, limit: 1000 });
    fleet.close();
    return transitions.toReversed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#workers) child.kill('SIGKILL');
    await this.engine[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

describe.runIf(ENGINES.includes('redis-server'))('a fleet', () => {
  it('counts 50 failures of two hosts exactly, whichever of their processes reports them', async () => {
    await using stage = await Stage.create({ failureThreshold: 1000 });
    const worker = (host: string, times: number): Ordered => ({ host, mode: 'fail', times, pauseMs: 5 });
    await stage.run(worker('a', 13), worker('a', 12), worker('b', 13), worker('b', 12));
    expect(await stage.row()).toMatchObject({ state: 'closed', failures: 50 });
    const hosts = (await stage.row())?.hosts?.map(({ host, failures }) => [host, failures]).toSorted();
    expect(hosts).toEqual([
      ['a', 25],
      ['b', 25],
    ]);
  });

  it('opens for no other host when one host fails alone', async () => {
    await using stage = await Stage.create();
    const [bad] = await stage.run({ host: 'bad', mode: 'fail', times: 20 });
    expect(bad).toMatchObject({ admitted: 5 });
    expect(new Set(bad?.refusedBy)).toEqual(new Set([CIRCUIT]));
    expect(await stage.row()).toMatchObject({ state: 'closed', failures: 5 });
    const good = await stage.run(...['a', 'b', 'c'].map((host): Ordered => ({ host, mode: 'succeed', times: 10 })));
    expect(good.map(({ admitted }) => admitted)).toEqual([10, 10, 10]);
  });

  it('refuses a host that has not failed once two others have', async () => {
    await using stage = await Stage.create();
    await stage.run({ host: 'a', mode: 'fail', times: 3 });
    await stage.run({ host: 'b', mode: 'fail', times: 3 });
    const [late] = await stage.run({ host: 'late', mode: 'succeed', times: 1 });
    expect(late).toMatchObject({ admitted: 0, refusedBy: [`fleet/${CIRCUIT}`] });
  });

  it('frees the slot of a probe that was killed with its lease, for other hosts', async () => {
    await using stage = await Stage.create({ openForMs: 100, probeLeaseMs: 4000 });
    await stage.run({ host: 'a', mode: 'fail', times: 3 });
    await stage.run({ host: 'b', mode: 'fail', times: 2 });
    expect((await stage.row())?.state).toBe('open');
    const held = stage.start({ host: 'c', mode: 'hold', times: 1 });
    await held.ready;
    held.child.kill('SIGKILL');
    await held.ended;
    expect((await stage.row())?.lease?.owner.host).toBe('c');
    // Not a process, whose start may take as long as a lease.
    const store = openTestFleet(stage.engine.url);
    const gate = createFleetGate({
      store,
      settings: stage.settings,
      member: { host: 'd', quorum: 2 },
      clock: systemClock,
      process: identityOf(1),
      newToken: randomUUID,
      emit: () => undefined,
      onFailure: (operation, code) => expect.fail(`${operation} ${code}`),
    });
    expect(await gate.admit(CIRCUIT)).toMatchObject({ refusal: { reason: 'probe_in_progress' } });
    await expect.poll(async () => (await gate.admit(CIRCUIT))?.kind, { interval: 100 }).toBe('admitted');
    expect((await stage.row())?.hosts).toMatchObject([{ host: 'c', failures: 0 }]);
    store.close();
  });

  it('has one probe in flight over 32 processes of 8 hosts, and opens for all of them together', async () => {
    await using stage = await Stage.create({ openForMs: 400, probeLeaseMs: 5000 });
    const arrivals: { readonly probe: string; readonly fromMs: number; toMs: number }[] = [];
    const server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://x');
      const arrival = { probe: searchParams.get('probe') ?? '', fromMs: performance.now(), toMs: Infinity };
      arrivals.push(arrival);
      setTimeout(() => {
        arrival.toMs = performance.now();
        response.writeHead(arrivals.length < 80 ? 500 : 200).end();
      }, 20);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const hosts = Array.from({ length: 32 }, (_, index) => `h${index % 8}`);
    await stage.run(...hosts.map((host): Ordered => ({ host, mode: 'call', times: 40, server: url, pauseMs: 100 })));
    server.close();
    server.closeAllConnections();
    const probes = arrivals.filter(({ probe }) => probe !== '').toSorted((a, b) => a.fromMs - b.fromMs);
    expect(probes.length).toBeGreaterThan(1);
    for (const [index, probe] of probes.entries()) {
      expect(probe.fromMs).toBeGreaterThanOrEqual(probes[index - 1]?.toMs ?? 0);
    }
    const history = await stage.history();
    expect(history.map(({ why }) => why)).toContain('threshold_reached');
    for (const [index, { epoch, from }] of history.entries()) {
      const before = history[index - 1];
      if (before === undefined) continue;
      expect(epoch).toBeGreaterThan(before.epoch);
      expect(from).toBe(before.to);
    }
  });
});
