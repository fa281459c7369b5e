/**
 * Met: `doctor` said ok for fleets that never take a write: a replica, a full memory, too few replicas, EVAL renamed, rules
 * with `+get +time` alone, a proxy that swallows EVAL. Every `put` warned, and no outage was ever shared.
 * Cause: it only read.
 * Fix: it changes a key of its own with the script that changes circuits, and looks whether that was done.
 */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { checkFleet } from '../../src/cli/doctor/measure-fleet.ts';
import { resolveSettings } from '../../src/cli/settings/resolve-settings.ts';
import { systemClock } from '../../src/clock.ts';
import { startFakeEngine } from '../support/fake-engine.ts';
import { ENGINES, startRedis, type TestRedis } from '../support/redis-server.ts';

/** Waits a tenth, for answers that never come. */
const hasty: typeof systemClock = {
  ...systemClock,
  sleep: async (delayMs, signal) => await systemClock.sleep(delayMs / 10, signal),
};

async function check(url: string, clock = systemClock) {
  const env = { BREAKWATER_FLEET: url, BREAKWATER_FLEET_TIMEOUT: '5s' };
  const settings = resolveSettings({ flags: {}, env, home: '/nonexistent', file: { path: 'f', entries: {} } });
  const { signal } = new AbortController();
  return await checkFleet({ settings, env, clock, signal, circuitName: (name) => `${name}@x` });
}

const RULES = ['on', '>pw', '~breakwater:*'];

interface Fault {
  readonly what: string;
  readonly args?: readonly string[];
  readonly prepare?: (engine: TestRedis) => Promise<unknown>;
  readonly login?: string;
  readonly expected: { readonly code: string; readonly reason: string };
}

const FAULTS: readonly Fault[] = [
  {
    what: 'a replica',
    prepare: async (engine) => await engine.command('REPLICAOF', '127.0.0.1', '1'),
    expected: { code: 'unavailable', reason: 'fleet_read_only' },
  },
  {
    what: 'one with too few replicas',
    prepare: async (engine) => await engine.command('CONFIG', 'SET', 'min-replicas-to-write', '1'),
    expected: { code: 'unavailable', reason: 'fleet_read_only' },
  },
  {
    what: 'a full memory',
    prepare: async (engine) => await engine.command('CONFIG', 'SET', 'maxmemory', '1'),
    expected: { code: 'unavailable', reason: 'fleet_out_of_memory' },
  },
  {
    what: 'one without EVAL',
    args: ['--rename-command', 'EVAL', ''],
    expected: { code: 'unavailable', reason: 'fleet_engine_error' },
  },
  {
    what: 'a user who may only read',
    prepare: async (engine) => await engine.command('ACL', 'SETUSER', 'reader', ...RULES, '+get', '+time'),
    login: 'reader:pw@',
    expected: { code: 'config', reason: 'fleet_no_permission' },
  },
  {
    what: 'a user who may not SET',
    prepare: async (engine) => await engine.command('ACL', 'SETUSER', 'reader', ...RULES, '+get', '+time', '+eval'),
    login: 'reader:pw@',
    expected: { code: 'config', reason: 'fleet_no_permission' },
  },
];

describe.each(ENGINES)('%s', (program) => {
  it.each(FAULTS)('as $what is told, though it can be read', async ({ args, prepare, login = '', expected }) => {
    await using engine = await startRedis(program, args);
    await prepare?.(engine);
    const found = await check(engine.url.replace('//', `//${login}`));
    expect(found).toMatchObject({ status: 'failed', ...expected });
    expect(found.message).toContain('can be read, but its circuits cannot be changed');
    expect(found.hint).not.toBeNull();
  });

  it('that is well is ok with the rules of docs/fleet.md alone, and keeps nothing', async () => {
    await using engine = await startRedis(program);
    const commands = ['+get', '+time', '+eval', '+set', '+lpush', '+ltrim', '+pexpire'];
    await engine.command('ACL', 'SETUSER', 'breakwater', ...RULES, ...commands);
    expect(await check(engine.url.replace('//', '//breakwater:pw@'))).toMatchObject({ status: 'ok' });
    await expect.poll(async () => await engine.command('DBSIZE')).toBe(':0');
    await engine.command('ACL', 'SETUSER', 'breakwater', '-lpush');
    expect(await check(engine.url.replace('//', '//breakwater:pw@'))).toMatchObject({
      status: 'warning',
      reason: 'fleet_no_history',
    });
    await expect.poll(async () => await engine.command('DBSIZE')).toBe(':0');
  });
});

/** Reads as a server does, and has this for the script. */
function between(onScript: (socket: Socket) => void) {
  return (socket: Socket): void =>
    void socket.on('data', (data) => {
      const text = data.toString();
      if (/eval/i.test(text)) return onScript(socket);
      const count = text.split(/\r\nget\r\n/i).length - 1;
      return socket.write(`*2\r\n$10\r\n1764400000\r\n$3\r\n123\r\n${'$-1\r\n'.repeat(count)}`);
    });
}

it.each<[string, (socket: Socket) => void, string]>([
  ['swallows EVAL', () => undefined, 'fleet_timeout'],
  ['hangs up at EVAL', (socket) => socket.end(), 'fleet_connection_closed'],
  ['says OK to everything', (socket) => socket.write('+OK\r\n'), 'fleet_bad_answer'],
  ['says that it has stored what it has not', (socket) => socket.write(':1\r\n'), 'fleet_bad_answer'],
])('something in between that %s is told', async (_what, onScript, reason) => {
  await using server = await startFakeEngine(between(onScript));
  const found = await check(server.url, hasty);
  expect(found).toMatchObject({ status: 'failed', reason });
  expect(found.message).toContain('cannot be changed');
});
