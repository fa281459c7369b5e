/**
 * Met: `breaker-isolate --fleet s3-upload` said that nothing was changed, and every host was isolated. After a `put`, the
 *   circuit of a healthy store stayed half-open for a whole lease, in which every other host was refused.
 * Cause: the script stored the row, then failed in writing the history, for which the user had no right, the command was
 *   renamed, or the key had another type. Redis rolls nothing back, and the error was taken for that of the row.
 * Fix: only the row decides; the history is written as far as the server takes it (src/fleet/valkey-engine.ts).
 */
import { describe, expect, it } from 'vitest';
import { DEFAULT_CIRCUIT_SETTINGS, type Permit } from '../../src/circuit/circuit.ts';
import { createFleetGate, type FleetGate } from '../../src/circuit/fleet-gate.ts';
import { systemClock } from '../../src/clock.ts';
import type { Fleet } from '../../src/fleet/open-fleet.ts';
import { identityOf } from '../support/fake-circuits.ts';
import { ENGINES, startRedis, type TestRedis } from '../support/redis-server.ts';
import { openTestFleet } from '../support/test-fleet.ts';

const CIRCUIT = 's3-upload@x';
const ROW = `breakwater:{${CIRCUIT}}`;
const HISTORY = `${ROW}:history`;
const MANUAL = { by: 'ops', reason: null };
const RIGHTS = ['+get', '+time', '+eval', '+set', '+lpush', '+ltrim', '+pexpire'];

function openGate(store: Fleet, failures: string[]): FleetGate {
  let tokens = 0;
  return createFleetGate({
    store,
    settings: { ...DEFAULT_CIRCUIT_SETTINGS, openForMs: 1 },
    member: { host: 'a', quorum: 1 },
    clock: systemClock,
    process: identityOf(1, 'a'),
    newToken: () => `t-${(tokens += 1)}`,
    emit: () => undefined,
    onFailure: (operation, code) => failures.push(`${operation}: ${code}`),
  });
}

async function open(engine: TestRedis, user: string | null = null) {
  const store = openTestFleet(user === null ? engine.url : engine.url.replace('//', `//${user}:pw@`));
  const failures: string[] = [];
  const gate = openGate(store, failures);
  return { store, gate, failures, [Symbol.dispose]: () => store.close() };
}

async function admit(gate: FleetGate): Promise<Permit> {
  const admission = await gate.admit(CIRCUIT);
  if (admission?.kind !== 'admitted') throw new Error('not admitted');
  return admission.permit;
}

const FAULTS: readonly (readonly [string, (engine: TestRedis) => Promise<string | null>])[] = [
  ...RIGHTS.slice(4).map((right): (typeof FAULTS)[number] => [
    `the user lacks ${right}`,
    async (engine) => {
      const rights = RIGHTS.filter((each) => each !== right);
      await engine.command('ACL', 'SETUSER', 'runner', 'on', '>pw', '~breakwater:*', ...rights);
      return 'runner';
    },
  ]),
  [
    'the user has no right to the key of the history',
    async (engine) => {
      await engine.command('ACL', 'SETUSER', 'runner', 'on', '>pw', `~${ROW}`, '~breakwater:{s3-upload}', ...RIGHTS);
      return 'runner';
    },
  ],
  [
    'the history has another type',
    async (engine) => {
      await engine.command('SET', HISTORY, 'x');
      return null;
    },
  ],
];

describe.each(ENGINES)('%s', (program) => {
  it.each(FAULTS)('changes the row and says so where %s', async (what, arrange) => {
    await using engine = await startRedis(program);
    using fleet = await open(engine, await arrange(engine));
    const { gate, failures, store } = fleet;
    // Redis refuses a script that names a key out of reach as a whole, before it runs.
    const isRefused = what.includes('right to the key');
    const isolating = gate.isolate(CIRCUIT, { ...MANUAL, forMs: null });
    if (isRefused) {
      await expect(isolating).rejects.toMatchObject({ name: 'FleetFailure' });
      expect((await store.read([CIRCUIT])).rows.size).toBe(0);
      return;
    }
    expect(await isolating).toMatchObject({ to: 'isolated' });
    expect((await store.read([CIRCUIT])).rows.get(CIRCUIT)).toMatchObject({ state: 'isolated' });
    expect(await gate.reset(CIRCUIT, MANUAL)).toMatchObject({ from: 'isolated', to: 'closed' });
    for (let call = 0; call < DEFAULT_CIRCUIT_SETTINGS.failureThreshold; call += 1) {
      await gate.settle(await admit(gate), 'failure');
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
    // Whoever takes the probe's slot knows it, and gives it back.
    const probe = await admit(gate);
    expect(probe.probeToken).not.toBeNull();
    await gate.settle(probe, 'neutral');
    expect(await gate.check(CIRCUIT)).toBeNull();
    expect(failures).toEqual([]);
    expect(await engine.command('TYPE', HISTORY)).toBe(what.includes('type') ? '+string' : '+none');
  });

  it('keeps the newest 1000 state changes, and lets them expire', async () => {
    await using engine = await startRedis(program);
    using fleet = await open(engine);
    await fleet.gate.reset(CIRCUIT, MANUAL);
    const entry = await engine.command('LINDEX', HISTORY, '0');
    const [, text = ''] = entry.split('\r\n');
    await engine.command('RPUSH', HISTORY, ...Array.from({ length: 1500 }, () => text));
    await engine.command('PERSIST', HISTORY);
    await fleet.gate.reset(CIRCUIT, MANUAL);
    expect(await engine.command('LLEN', HISTORY)).toBe(':1000');
    expect(Number((await engine.command('PTTL', HISTORY)).slice(1))).toBeGreaterThan(29 * 86_400_000);
    expect(await fleet.store.transitions({ circuit: CIRCUIT, limit: 5 })).toMatchObject([
      { to: 'closed' },
      {},
      {},
      {},
      {},
    ]);
  });

  it('stores nothing where the row itself cannot be stored', async () => {
    await using engine = await startRedis(program);
    const rights = RIGHTS.filter((each) => each !== '+set');
    await engine.command('ACL', 'SETUSER', 'runner', 'on', '>pw', '~breakwater:*', ...rights);
    using fleet = await open(engine, 'runner');
    await expect(fleet.gate.isolate(CIRCUIT, { ...MANUAL, forMs: null })).rejects.toMatchObject({
      name: 'FleetFailure',
    });
    expect(await engine.command('KEYS', '*')).toBe('*0');
  });

  it('takes a circuit whose key has another type for one without a record, and replaces it', async () => {
    await using engine = await startRedis(program);
    await engine.command('RPUSH', ROW, 'a');
    using fleet = await open(engine);
    const { gate, failures, store } = fleet;
    expect(await gate.check(CIRCUIT)).toBeNull();
    expect(await gate.admit(CIRCUIT)).toMatchObject({ kind: 'admitted' });
    expect((await store.read([CIRCUIT])).rows.get(CIRCUIT)).toMatchObject({ state: 'closed' });
    expect([failures, await engine.command('TYPE', ROW)]).toEqual([[], '+string']);
  });
});

it.runIf(ENGINES.includes('redis-server'))('changes the row where LPUSH is renamed', async () => {
  await using engine = await startRedis('redis-server', ['--rename-command', 'LPUSH', '']);
  using fleet = await open(engine);
  expect(await fleet.gate.isolate(CIRCUIT, { ...MANUAL, forMs: null })).toMatchObject({ to: 'isolated' });
  expect(await fleet.gate.check(CIRCUIT)).toMatchObject({ reason: 'isolated' });
});
