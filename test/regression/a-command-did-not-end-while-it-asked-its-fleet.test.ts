/**
 * Met: with a silent server and a long `--fleet-timeout`, `put --deadline 1s` ended after that timeout, and so did every
 *   command after SIGINT or SIGTERM. `--fleet-timeout 24d` was accepted.
 * Cause: the wait for the server had a timeout alone, and no signal.
 * Fix: the end of the command ends it, a moment later, in which a server that is well takes back the lease of a probe
 *   (src/fleet/fleet-link.ts); the timeout is at most 30 s (src/cli/settings/fleet-settings.ts).
 */
import { describe, expect, it } from 'vitest';
import { createFleetGate } from '../../src/circuit/fleet-gate.ts';
import { DEFAULT_CIRCUIT_SETTINGS } from '../../src/circuit/circuit.ts';
import { FleetFailure, type FleetStore } from '../../src/circuit/fleet-store.ts';
import { BreakwaterError } from '../../src/errors.ts';
import type { Engine } from '../../src/fleet/engine.ts';
import { FleetLink } from '../../src/fleet/fleet-link.ts';
import { TwofoldCircuit } from '../../src/guard/twofold-circuit.ts';
import { CIRCUIT, FakeCircuits, identityOf } from '../support/fake-circuits.ts';
import { startFakeEngine } from '../support/fake-engine.ts';
import { MemoryEngine } from '../support/memory-engine.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import { turn, VirtualClock } from '../support/virtual-clock.ts';

const ENDED = new BreakwaterError('interrupted', 'interrupted by SIGTERM');
/** The wait for the server goes on for so long after the end, in ms. */
const LAST_MS = 150;

/** A link to an engine that connects, or never does. */
function prepare({ connects = true } = {}) {
  const clock = new VirtualClock();
  const stop = new AbortController();
  let noted = 0;
  const engine: Engine = new MemoryEngine(clock.now());
  const link = new FleetLink({
    load: async () =>
      await Promise.resolve(async (signal) => {
        if (connects) return await Promise.resolve(engine);
        return await new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('destroyed')));
        });
      }),
    toFailure: (error) => (error instanceof FleetFailure ? error : new FleetFailure('internal')),
    timeoutMs: 20_000,
    clock,
    failures: { read: () => null, note: () => (noted += 1) },
    signal: stop.signal,
  });
  const forever = async (): Promise<never> => await new Promise<never>(() => undefined);
  const at = async <T>(work: Promise<T>): Promise<{ readonly error: unknown; readonly afterMs: number }> => {
    const startedAtMs = clock.monotonic();
    const error: unknown = await clock.runUntilSettled(
      work.then(
        () => null,
        (thrown: unknown) => thrown,
      ),
    );
    return { error, afterMs: clock.monotonic() - startedAtMs };
  };
  return { clock, stop, link, forever, at, noted: () => noted };
}

describe('a wait for the engine', () => {
  it.each([true, false])('ends with the command, and says nothing of the engine (connected: %s)', async (connects) => {
    const { stop, link, forever, at, noted } = prepare({ connects });
    const asking = link.ask(forever);
    asking.catch(() => undefined);
    await turn();
    stop.abort(ENDED);
    expect(await at(asking)).toEqual({ error: ENDED, afterMs: LAST_MS });
    expect(noted()).toBe(0);
    // Nor does what is asked after that, to give back what the command holds.
    const last = await at(link.ask(forever));
    expect(last).toMatchObject({ error: { code: 'timeout' }, afterMs: LAST_MS });
    expect(noted()).toBe(0);
  });

  it('is answered all the same within a moment after the end', async () => {
    const { stop, link, at, clock } = prepare();
    const asking = link.ask(async () => await clock.sleep(LAST_MS - 1));
    asking.catch(() => undefined);
    await turn();
    stop.abort(ENDED);
    expect(await at(asking)).toEqual({ error: null, afterMs: LAST_MS - 1 });
    expect((await at(link.ask(async () => await Promise.resolve()))).error).toBeNull();
  });
});

it('gives back the slot of this host when the command ends before the fleet answers', async () => {
  const clock = new VirtualClock();
  const circuits = new FakeCircuits(clock);
  const { gate } = circuits.startProcess();
  circuits.open();
  await clock.advance(60_000);
  const failures: string[] = [];
  let reads = 0;
  const store = {
    read: async () => {
      reads += 1;
      if (reads > 1) throw ENDED;
      return await Promise.resolve({ nowMs: clock.now(), rows: new Map(), texts: new Map() });
    },
    update: async () => await Promise.reject(ENDED),
  } as unknown as FleetStore;
  const fleet = createFleetGate({
    store,
    settings: DEFAULT_CIRCUIT_SETTINGS,
    member: { host: 'a', quorum: 2 },
    clock,
    process: identityOf(1, 'a'),
    newToken: () => 't',
    emit: () => undefined,
    onFailure: (operation, code) => failures.push(`${operation}: ${code}`),
  });
  const circuit = new TwofoldCircuit({ name: CIRCUIT, gate, fleet });
  await expect(circuit.admit()).rejects.toBe(ENDED);
  expect([circuit.isProbing, failures]).toEqual([false, []]);
  // Another command takes the slot.
  expect(circuits.startProcess().gate.admit(CIRCUIT)).toMatchObject({ kind: 'admitted' });
});

describe('a command whose fleet never answers', () => {
  const SLOW = ['--fleet-timeout', '20s'];

  async function start() {
    let asked = 0;
    const engine = await startFakeEngine((socket) => socket.once('data', () => (asked += 1)));
    const sandbox = await startTestSandbox();
    const program = await Program.create({ ...sandbox.env, BREAKWATER_FLEET: engine.url });
    return {
      program,
      asked: () => asked,
      [Symbol.asyncDispose]: async () => {
        await program[Symbol.asyncDispose]();
        await sandbox.close();
        await engine[Symbol.asyncDispose]();
      },
    };
  }

  it('ends with its deadline', async () => {
    await using stage = await start();
    const commands = [
      ['put', '-', 's3://bucket/k'],
      ['get', 's3://bucket/k', '-'],
      ['sweep', 's3://bucket/p/', '--older-than', '1h', '--yes'],
    ];
    for (const command of commands) {
      const ended = await stage.program.run([...command, ...SLOW, '--deadline', '300ms'], { input: 'x' });
      expect([command[0], ended.status, ended.stderr]).toEqual([
        command[0],
        75,
        expect.stringContaining('the deadline of 300ms has passed'),
      ]);
      expect(ended.stderr).not.toContain('warning');
      expect(ended.durationMs).toBeLessThan(8000);
    }
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends with %s', async (signal) => {
    await using stage = await start();
    const env = { BREAKWATER_FLEET_TIMEOUT: '20s' };
    const commands = [
      ['put', '-', 's3://bucket/k'],
      ['breaker-status'],
      ['doctor'],
      ['breaker-reset', '--fleet', '--all'],
      ['breaker-isolate', '--fleet', 's3-upload', 's3-download'],
    ];
    for (const [index, command] of commands.entries()) {
      const running = stage.program.start(command, { env, input: 'x' });
      await expect.poll(stage.asked).toBe(index + 1);
      running.child.kill(signal);
      const ended = await running.ended;
      expect([command[0], ended.status]).toEqual([command[0], signal === 'SIGINT' ? 130 : 143]);
      expect(ended.durationMs).toBeLessThan(10_000);
    }
  });

  it('takes no timeout beyond 30 s', async () => {
    await using program = await Program.create({ AWS_REGION: 'x' });
    const run = async (value: string) => await program.run(['config', '--fleet-timeout', value]);
    expect((await run('30s')).status).toBe(0);
    const refused = await run('31s');
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('from 1ms to 30s')]);
  });
});
