/**
 * Met: a database that the server does not have, a password for a server without one, too few replicas, protected mode and a
 * resharded cluster were all reported as "it refuses a command (get, time and eval are needed), or has no room for
 * connections"; a user without the right to SET, too, where docs/fleet.md says `fleet_no_permission`. A server busy with a
 * script was "still loading", and the lease of a newer breakwater "not that of Redis".
 * Cause: errors without a word of their own, and words that nobody had met, were all `engine_error`; versions of leases
 * were not looked at.
 * Fix: each has its code or that of its kind; the words say no more than is known, and name every command that is needed.
 */
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { adviseFleet, describeFleetFailure } from '../../src/breaker/explain-fleet-failure.ts';
import { DEFAULT_CIRCUIT_SETTINGS } from '../../src/circuit/circuit.ts';
import { FleetFailure, type FleetFailureCode } from '../../src/circuit/fleet-store.ts';
import { initialRow } from '../../src/circuit/state-machine.ts';
import { toFleetFailure } from '../../src/fleet/to-fleet-failure.ts';
import { takeLease } from '../../src/fleet/work-lease.ts';
import { startFakeEngine } from '../support/fake-engine.ts';
import { MemoryEngine } from '../support/memory-engine.ts';
import { ENGINES, startRedis } from '../support/redis-server.ts';
import { openTestFleet } from '../support/test-fleet.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const NAME = 's3-upload@x';
const ROW = initialRow(NAME, DEFAULT_CIRCUIT_SETTINGS);

async function failureOf(url: string, operation: 'read' | 'write'): Promise<FleetFailure> {
  const fleet = openTestFleet(url);
  try {
    await (operation === 'read'
      ? fleet.read([NAME])
      : fleet.update(NAME, () => ({ row: { ...ROW }, transitions: [], result: null })));
  } catch (error) {
    if (error instanceof FleetFailure) return error;
    throw error;
  } finally {
    fleet.close();
  }
  throw new Error('nothing failed');
}

/** As servers wrote them: Redis 5 to 7, Valkey 8. */
const ANSWERS: readonly (readonly [string, FleetFailureCode])[] = [
  ['ERR DB index is out of range', 'no_database'],
  ['ERR invalid DB index', 'no_database'],
  ['ERR SELECT is not allowed in cluster mode', 'is_cluster'],
  ['ERR AUTH <password> called without any password configured for the default user. Are you sure?', 'wrong_password'],
  ['ERR Client sent AUTH, but no password is set', 'wrong_password'],
  ['ERR invalid password', 'wrong_password'],
  ["ERR wrong number of arguments for 'auth' command", 'wrong_password'],
  ['NOREPLICAS Not enough good replicas to write. script: 82cd, on @user_script:1.', 'read_only'],
  ['DENIED Redis is running in protected mode because protected mode is enabled', 'protected_mode'],
  ['TRYAGAIN Multiple keys request during rehashing of slot', 'is_cluster'],
  [
    "ERR The user executing the script can't run this command or subcommand script: 82cd, on @user_script:1.",
    'no_permission',
  ],
  ["ERR The user executing the script can't access at least one of the keys mentioned in the command", 'no_permission'],
  ["ERR ACL failure in script: User x has no permissions to run the 'set' command script: 82cd", 'no_permission'],
  ['ERR Error running script (call to f_1): @user_script:6: -NOPERM this user has no permissions', 'no_permission'],
  ["ERR unknown command 'EVAL'", 'engine_error'],
];

it.each(ANSWERS)('%s is %s', (text, code) => {
  expect(toFleetFailure(Object.assign(new Error(text), { name: 'ReplyError' })).code).toBe(code);
});

it('that closes the connection at once, as protected mode does, is named', async () => {
  await using server = await startFakeEngine((socket) =>
    socket.end('-DENIED Redis is running in protected mode because protected mode is enabled\r\n'),
  );
  expect(await failureOf(server.url, 'read')).toMatchObject({ code: 'protected_mode' });
});

it('no password of an unknown AUTH stays in the error', () => {
  const message = "ERR unknown command 'AUTH', with args beginning with: 'me' 'hunter2' ";
  const failure = toFleetFailure(Object.assign(new Error(message), { name: 'ReplyError' }));
  expect(failure.code).toBe('engine_error');
  expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain('hunter2');
});

describe('the words', () => {
  it('name every command that docs/fleet.md allows', () => {
    const docs = readFileSync(new URL('../../docs/fleet.md', import.meta.url), 'utf8');
    const [, rules = ''] = /^ACL SETUSER breakwater on >PASSWORD (.*)$/m.exec(docs) ?? [];
    expect(rules).toContain('+eval');
    expect(describeFleetFailure('no_permission')).toContain(rules);
    expect(adviseFleet('no_permission')).toContain(rules);
    for (const [, command = '?'] of rules.matchAll(/\+(\w+)/g)) {
      expect(describeFleetFailure('engine_error')).toContain(command);
    }
  });

  it.each([
    ['loading', 'script'],
    ['read_only', 'replica'],
    ['wrong_password', 'none set'],
    ['bad_answer', 'or a key of breakwater'],
    ['newer_row', 'newer breakwater'],
  ] as const)('of %s cover each of its causes: %s', (code, words) => {
    expect(describeFleetFailure(code)).toContain(words);
  });
});

it('a lease of a newer program is told as such, and kept', async () => {
  const clock = new VirtualClock();
  const engine = new MemoryEngine(clock.now());
  const codes: string[] = [];
  const take = async () =>
    await takeLease({
      ask: async (work) => await work(engine, new AbortController().signal),
      clock,
      id: 'sweep',
      owner: { host: 'a', pid: 7 },
      token: 'mine',
      onFailure: (error) => codes.push(error instanceof FleetFailure ? error.code : 'internal'),
    });
  await take();
  const [{ key, after }] = engine.replaced as [(typeof engine.replaced)[number]];
  const value = '{"v":2,"token":"x"}';
  await engine.compareAndSet({ key, expected: after, value, expiresInMs: 1, listKey: key, entries: [] });
  await take();
  expect([codes, engine.value(key)]).toEqual([['newer_row'], value]);
});

describe.each(ENGINES)('%s', (program) => {
  it('tells what is wrong with its URL, its rules and its replicas', async () => {
    await using engine = await startRedis(program);
    expect(await failureOf(`${engine.url}/99`, 'read')).toMatchObject({ code: 'no_database' });
    expect(await failureOf(engine.url.replace('//', '//:pw@'), 'read')).toMatchObject({ code: 'wrong_password' });
    await engine.command('CONFIG', 'SET', 'min-replicas-to-write', '1');
    expect(await failureOf(engine.url, 'write')).toMatchObject({ code: 'read_only' });
    await engine.command('CONFIG', 'SET', 'min-replicas-to-write', '0');
    await engine.command('ACL', 'SETUSER', 'less', 'on', '>pw', '~breakwater:*', '+get', '+time', '+eval');
    expect(await failureOf(engine.url.replace('//', '//less:pw@'), 'write')).toMatchObject({ code: 'no_permission' });
  });
});
