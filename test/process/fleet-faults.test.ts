import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createSocket } from 'node:dgram';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { inspect } from 'node:util';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { initialRow } from '../../src/circuit/state-machine.ts';
import { DEFAULT_CIRCUIT_SETTINGS } from '../../src/circuit/circuit.ts';
import { FleetFailure } from '../../src/circuit/fleet-store.ts';
import type { Fleet } from '../../src/fleet/open-fleet.ts';
import { resolveHost } from '../../src/fleet/resolve-host.ts';
import { canMakeCertificates, makeCertificate } from '../support/certificate.ts';
import { findFreePort } from '../support/debian-server.ts';
import { startFakeEngine } from '../support/fake-engine.ts';
import { ENGINES, startRedis } from '../support/redis-server.ts';
import { findShortestMs } from '../support/shortest-run.ts';
import { openTestFleet } from '../support/test-fleet.ts';

const HAS_CERTIFICATES = canMakeCertificates('the fleet over TLS');
const NAME = 's3-upload@x';
/** Of a call that no engine answers. */
const TIMEOUT_MS = 150;
/** Long enough for an engine that is well, on a busy machine too. */
const LONG_TIMEOUT_MS = 1000;
/** Beside the timeout. */
const LATE_MS = 100;

/** Answers whatever is sent with one text, once for each of TIME and two GETs. */
function answering(text: string) {
  return (socket: Socket): void => void socket.on('data', () => socket.write(text.repeat(3)));
}

const FAKES: readonly (readonly [string, (socket: Socket) => unknown, string])[] = [
  ['accepts and never answers', () => undefined, 'timeout'],
  ['drips', (socket) => dripDigits(socket), 'timeout'],
  ['hangs up at once', (socket) => socket.destroy(), 'connection_closed'],
  [
    'hangs up in the middle of an answer',
    (socket) => socket.once('data', () => socket.end('*2\r\n$10\r\n17')),
    'connection_closed',
  ],
  ['speaks HTTP', answering('HTTP/1.1 400 Bad Request\r\n\r\n'), 'bad_answer'],
  ['answers with numbers', answering(':1\r\n'), 'bad_answer'],
  ['answers with nothing', answering('$-1\r\n'), 'bad_answer'],
  [
    'answers with too few values',
    (socket) => socket.on('data', () => socket.write('*2\r\n$1\r\n1\r\n$1\r\n1\r\n:1\r\n:2\r\n')),
    'bad_answer',
  ],
  ['is loading', answering('-LOADING Redis is loading the dataset in memory\r\n'), 'loading'],
  ['is a node of a cluster', answering('-MOVED 3999 127.0.0.1:6381\r\n'), 'is_cluster'],
  ['asks for a password', answering('-NOAUTH Authentication required.\r\n'), 'no_auth'],
  ['has no slot', answering('-CLUSTERDOWN Hash slot not served\r\n'), 'is_cluster'],
  [
    'refuses the user',
    answering('-WRONGPASS invalid username-password pair or user is disabled.\r\n'),
    'wrong_password',
  ],
  ['forbids a command', answering("-NOPERM User x has no permissions to run the 'time' command\r\n"), 'no_permission'],
  ['is a replica without its primary', answering('-MASTERDOWN Link with MASTER is down\r\n'), 'read_only'],
  ['runs a script', answering('-BUSY Redis is busy running a script.\r\n'), 'loading'],
  ['has no memory', answering("-OOM command not allowed when used memory > 'maxmemory'.\r\n"), 'out_of_memory'],
  ['has too many clients', (socket) => socket.end('-ERR max number of clients reached\r\n'), 'engine_error'],
  ['is too old for TIME', answering("-ERR unknown command 'TIME'\r\n"), 'engine_error'],
  ['greets as SSH does', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'), 'bad_answer'],
  [
    'has TLS only',
    (socket) => socket.once('data', () => socket.end(Buffer.from([21, 3, 1, 0, 2, 2, 10]))),
    'bad_answer',
  ],
  ['pushes messages', (socket) => socket.once('data', () => socket.write('>1\r\n+x\r\n')), 'bad_answer'],
  [
    'ends the connection for a command it does not know',
    (socket) => socket.once('data', () => socket.end()),
    'connection_closed',
  ],
  ['has an error of its own', answering('-ERR it is Tuesday\r\n'), 'engine_error'],
];

function dripDigits(socket: Socket): void {
  socket.write('*');
  const timer = setInterval(() => socket.write('1'), 20);
  socket.on('close', () => clearInterval(timer));
}

async function failureOf(ask: Promise<unknown>): Promise<{ readonly code: string; readonly afterMs: number }> {
  const startedAtMs = performance.now();
  const error: unknown = await ask.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof FleetFailure)) throw new Error(`no failure, but ${String(error)}`);
  return { code: error.code, afterMs: performance.now() - startedAtMs };
}

/** Until this process has heard that the server has ended its connections: the end arrives a moment after it. */
async function untilEnded(port: number): Promise<void> {
  const isOpen = async (): Promise<boolean> => {
    const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((row) => row.trim().split(/\s+/));
    // proc_net_tcp(5): the remote address, and the state, of which 01 is established and 08 ended by the server alone.
    return rows.some(([, , address, state]) => address?.endsWith(remote) === true && /^0[18]$/.test(state ?? ''));
  };
  await expect.poll(isOpen).toBe(false);
}

function write(fleet: Fleet): Promise<unknown> {
  const row = { ...initialRow(NAME, DEFAULT_CIRCUIT_SETTINGS), failures: 1 };
  return fleet.update(NAME, (stored) => ({ row: { ...(stored ?? row) }, transitions: [], result: null }));
}

/** Reads are well, and a script gets this. */
const SCRIPT_FAULTS: readonly (readonly [string, string, string])[] = [
  ['is unknown', "-ERR unknown command 'EVAL'\r\n", 'engine_error'],
  ['has no such script', '-NOSCRIPT No matching script.\r\n', 'engine_error'],
  [
    'meets a full memory',
    "-OOM command not allowed when used memory > 'maxmemory'. script: a, on @user_script:6.\r\n",
    'out_of_memory',
  ],
  [
    'meets a replica before 7.0',
    "-ERR Error running script (call to f_1): @user_script:6: @user_script: 6: -READONLY You can't write against a read only slave.\r\n",
    'read_only',
  ],
  ['meets a disk that is full', '-MISCONF Redis is configured to save RDB snapshots\r\n', 'read_only'],
  ['meets a slot that has moved', '-MOVED 1 127.0.0.1:1\r\n', 'is_cluster'],
  ['gets another answer', '+OK\r\n', 'bad_answer'],
];

describe('an engine that', () => {
  it.each(SCRIPT_FAULTS)('reads, and whose script %s, fails by its name', async (_what, answer, code) => {
    const reading = '*2\r\n$10\r\n1764400000\r\n$3\r\n123\r\n$-1\r\n';
    await using server = await startFakeEngine((socket) =>
      socket.on('data', (data) => socket.write(/eval/i.test(data.toString()) ? answer : reading)),
    );
    expect(await failureOf(write(openTestFleet(server.url)))).toMatchObject({ code });
  });

  // What answers wrongly has 5 s, and fails long before that.
  it.each(FAKES)('%s fails within the timeout, by its name', async (_what, onConnection, code) => {
    await using server = await startFakeEngine(onConnection);
    const limitMs = TIMEOUT_MS + LATE_MS;
    const shortestMs = await findShortestMs(limitMs, async () => {
      const fleet = openTestFleet(server.url, code === 'timeout' ? { timeoutMs: TIMEOUT_MS } : {});
      const failed = await failureOf(fleet.read([NAME, 's3-upload']));
      expect(failed.code).toBe(code);
      return failed.afterMs;
    });
    expect(shortestMs).toBeLessThan(limitMs);
  });

  it('speaks no TLS is named as another program', async () => {
    await using server = await startFakeEngine((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    const fleet = openTestFleet(server.url.replace('redis:', 'rediss:'));
    expect(await failureOf(fleet.read([NAME]))).toMatchObject({ code: 'bad_answer' });
  });

  it('refuses connections fails at once', async () => {
    const url = `redis://127.0.0.1:${await findFreePort()}`;
    const shortestMs = await findShortestMs(TIMEOUT_MS, async () => {
      const failed = await failureOf(openTestFleet(url).read([NAME]));
      expect(failed.code).toBe('connection_refused');
      return failed.afterMs;
    });
    expect(shortestMs).toBeLessThan(TIMEOUT_MS);
  });
});

describe.each(ENGINES)('%s', (program) => {
  it('that is paused fails within the timeout, and answers again afterwards', async () => {
    await using engine = await startRedis(program);
    const limitMs = LONG_TIMEOUT_MS + LATE_MS;
    const shortestMs = await findShortestMs(limitMs, async () => {
      const fleet = openTestFleet(engine.url, { timeoutMs: LONG_TIMEOUT_MS });
      await write(fleet);
      engine.kill('SIGSTOP');
      const failed = await failureOf(fleet.read([NAME]));
      expect(failed.code).toBe('timeout');
      engine.kill('SIGCONT');
      expect((await fleet.read([NAME])).rows.size).toBe(1);
      fleet.close();
      return failed.afterMs;
    });
    expect(shortestMs).toBeLessThan(limitMs);
  });

  it('that has ended an idle connection is asked over a new one, without a failure', async () => {
    await using engine = await startRedis(program);
    const fleet = openTestFleet(engine.url);
    await write(fleet);
    await engine.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await expect.poll(async () => await engine.command('CLIENT', 'LIST')).toMatch(/^\$\d+\r\nid=\d+[^\n]*$/);
    await untilEnded(engine.port);
    expect((await fleet.read([NAME])).rows.size).toBe(1);
    await engine.restart();
    await untilEnded(engine.port);
    expect((await fleet.read([NAME])).rows.size).toBe(0);
    fleet.close();
  });

  it('that is full or takes no writes still tells what it has', async () => {
    await using engine = await startRedis(program);
    const fleet = openTestFleet(engine.url);
    await write(fleet);
    await engine.command('CONFIG', 'SET', 'maxmemory', '1');
    expect(await failureOf(write(fleet))).toMatchObject({ code: 'out_of_memory' });
    expect((await fleet.read([NAME])).rows.size).toBe(1);
    await engine.command('CONFIG', 'SET', 'maxmemory', '0');
    await engine.command('REPLICAOF', '127.0.0.1', '1');
    expect(await failureOf(write(fleet))).toMatchObject({ code: 'read_only' });
    fleet.close();
  });

  it('with access rules needs only those of docs/fleet.md', async () => {
    await using engine = await startRedis(program);
    await engine.command(
      'ACL',
      'SETUSER',
      'runner',
      'on',
      '>p@ss',
      '~breakwater:*',
      '+get',
      '+time',
      '+eval',
      '+set',
      '+lpush',
      '+ltrim',
      '+pexpire',
    );
    await engine.command('ACL', 'SETUSER', 'default', 'off');
    const open = (login: string): Fleet => openTestFleet(engine.url.replace('//', `//${login}`));
    const fleet = open('runner:p%40ss@');
    const row = initialRow(NAME, DEFAULT_CIRCUIT_SETTINGS);
    const change = { from: 'closed', to: 'open', epoch: 1, why: 'reset', cause: null, manual: null, atMs: 1 } as const;
    const process = { pid: 1, startTime: null, bootId: null, pidNamespace: null, host: 'h', command: 'put' };
    await fleet.update(NAME, () => ({ row, transitions: [{ ...change, circuit: NAME, process }], result: null }));
    expect((await fleet.read([NAME])).rows.get(NAME)).toMatchObject({ name: NAME });
    expect(await failureOf(fleet.transitions({ circuit: NAME, limit: 1 }))).toMatchObject({ code: 'no_permission' });
    const refused: unknown = await open('runner:secret@')
      .read([NAME])
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'wrong_password' });
    expect(inspect(refused, { depth: 9, showHidden: true })).not.toContain('secret');
    expect(await failureOf(open('').read([NAME]))).toMatchObject({ code: 'no_auth' });
    fleet.close();
  });

  it('keeps circuits in the database of the URL, and lets rows expire, but never an isolated one', async () => {
    await using engine = await startRedis(program);
    const fleet = openTestFleet(`${engine.url}/3`);
    await write(fleet);
    await fleet.update('s3-upload', () => ({
      row: {
        ...initialRow('s3-upload', DEFAULT_CIRCUIT_SETTINGS),
        state: 'isolated',
        manual: { by: 'ops', atMs: 1, reason: null, untilMs: null },
      },
      transitions: [],
      result: null,
    }));
    expect(await engine.command('DBSIZE')).toBe(':0');
    const other = openTestFleet(engine.url);
    expect((await other.read([NAME])).rows.size).toBe(0);
    await engine.command('SWAPDB', '0', '3');
    const lives = await Promise.all(
      [NAME, 's3-upload'].map(async (name) => await engine.command('PTTL', `breakwater:{${name}}`)),
    );
    expect(Number(lives[0]?.slice(1))).toBeGreaterThan(29 * 86_400_000);
    expect(lives[1]).toBe(':-1');
    for (const each of [fleet, other]) each.close();
  });

  it.runIf(HAS_CERTIFICATES)('is reached over TLS, whose certificate must be trusted', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'breakwater-fleet-'));
    const { path, cert } = makeCertificate(directory);
    const port = await findFreePort();
    const files = ['--tls-cert-file', path, '--tls-key-file', join(directory, 'key.pem'), '--tls-ca-cert-file', path];
    const bound = ['--bind', '127.0.0.1', '127.0.0.2'];
    const tls = ['--tls-port', String(port), ...files, '--tls-auth-clients', 'no', ...bound];
    await using _engine = await startRedis(program, tls);
    for (const host of ['localhost', '127.0.0.1']) {
      const fleet = openTestFleet(`rediss://${host}:${port}`, { certificates: cert.toString() });
      await write(fleet);
      expect((await fleet.read([NAME])).rows.size).toBe(1);
      fleet.close();
    }
    const doubting = openTestFleet(`rediss://localhost:${port}`);
    expect(await failureOf(doubting.read([NAME]))).toMatchObject({ code: 'not_trusted' });
    // Trusted, but for other names; and no TLS where it is needed.
    const ca = { certificates: cert.toString() };
    const misnamed = openTestFleet(`rediss://127.0.0.2:${port}`, ca);
    expect(await failureOf(misnamed.read([NAME]))).toMatchObject({ code: 'not_trusted' });
    expect((await failureOf(openTestFleet(`redis://127.0.0.1:${port}`).read([NAME]))).code).toMatch(
      /bad_answer|closed/,
    );
    await rm(directory, { recursive: true });
  });
});

describe('a name server that never answers', () => {
  it('ends with the signal, and leaves nothing behind', async () => {
    const server = createSocket('udp4');
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    const stop = new AbortController();
    const servers = [`127.0.0.1:${server.address().port}`];
    const asked = once(server, 'message');
    const resolving = resolveHost('redis.example', {
      signal: stop.signal,
      servers,
      hostsFile: '/dev/null',
      resolverFile: '/dev/null',
    }).next();
    await asked;
    stop.abort(new Error('too late'));
    await expect(resolving).rejects.toMatchObject({ code: 'host_not_found' });
    server.close();
  });
});
