import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Program, readDocument, type Ended } from '../support/program.ts';
import { ENGINES, startRedis } from '../support/redis-server.ts';
import { startTestSandbox } from '../support/sandbox.ts';

interface CheckDocument {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly hint: string | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The checks of a document, by name. */
function readChecks(ended: Ended): Readonly<Record<string, CheckDocument>> {
  const { checks } = readDocument(ended) as unknown as { readonly checks: readonly CheckDocument[] };
  return Object.fromEntries(checks.map((check) => [check.check, check]));
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Accepts connections and never says a word. */
async function startSilent() {
  const server = createServer((socket) => void socket.on('error', () => undefined).resume());
  const address = await listen(server);
  return { address, [Symbol.asyncDispose]: async () => void server.close() };
}

/** Answers everything like a store that refuses it, at a time of its own; or like something else. */
async function startStore({ aheadMs = 0, page = '' }: { readonly aheadMs?: number; readonly page?: string }) {
  const server = createHttpServer((_request, response) => {
    const date = new Date(Date.now() + aheadMs).toUTCString();
    if (page === '') {
      response.writeHead(403, { date, 'x-amz-request-id': 'A', 'content-type': 'application/xml' });
      response.end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
    } else response.writeHead(200, { date, 'content-type': 'text/html' }).end(page);
  });
  const address = await listen(server);
  return {
    address,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await Promise.resolve();
    },
  };
}

const KEYS = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'hunter2', AWS_REGION: 'eu-west-1' };

describe('doctor', () => {
  it('finds a healthy machine well, in a line for each check, and leaves nothing', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    const { status, text, stderr } = await program.run(['doctor', 's3://bucket']);
    expect([status, stderr]).toEqual([0, '']);
    const lines = text.trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ +/).slice(0, 2))).toEqual([
      ['ok', 'node'],
      ['ok', 'settings'],
      ['skipped', 'name'],
      ['ok', 'proxy'],
      ['ok', 'certificates'],
      ['ok', 'endpoint'],
      ['ok', 'clock'],
      ['ok', 'credentials'],
      ['ok', 'bucket'],
      ['ok', 'state'],
      ['ok', 'circuits'],
      ['ok', 'fleet'],
    ]);
    // Node's compiled code is kept there, by every command.
    expect((await readdir(program.directory)).filter((name) => name !== '.cache')).toEqual([]);
    expect(text).not.toContain(sandbox.accessKeyId);
    const { text: metrics } = await program.run(['metrics']);
    expect(metrics).not.toMatch(/^s3_operations_total\{/m);
  });

  it('counts as no call: an open circuit stays as it is, and is a warning', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    await program.run(['breaker-isolate', 's3-upload', '--for', '1h']);
    const before = await program.run(['breaker-status', '--history', '--json']);
    const ended = await program.run(['doctor', '--json']);
    expect([ended.status, readChecks(ended)['circuits']?.status]).toEqual([0, 'warning']);
    const after = await program.run(['breaker-status', '--history', '--json']);
    expect(readDocument(after)['history']).toEqual(readDocument(before)['history']);
    expect(sandbox.requests().map(({ operation }) => operation)).toEqual(['ListBuckets', 'ListBuckets']);
  });

  it.each([
    { fault: '*:ServiceUnavailable', reason: 'ServiceUnavailable' },
    { fault: '*:SlowDown', reason: 'SlowDown' },
    { fault: '*:reset', reason: 'connection_reset' },
    { fault: '*:hang', reason: 'response_timeout' },
  ])('says plainly and soon that S3 is down: $fault', async ({ fault, reason }) => {
    await using sandbox = await startTestSandbox();
    sandbox.addFault(fault);
    await using program = await Program.create(sandbox.env);
    const ended = await program.run(['doctor', '--json', '--request-timeout', '1s']);
    expect(ended.status).toBe(69);
    const { endpoint, credentials } = readChecks(ended);
    expect(endpoint).toMatchObject({ status: 'failed', code: 'unavailable', reason });
    expect(credentials).toMatchObject({ status: 'ok', facts: { accepted: false } });
    expect(ended.durationMs).toBeLessThan(9000);
  });

  it('ends by itself beside a silent endpoint, a silent engine and silent credentials', async () => {
    await using silent = await startSilent();
    await using program = await Program.create({
      AWS_ENDPOINT_URL: `http://${silent.address}`,
      BREAKWATER_FLEET: `redis://${silent.address}`,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${silent.address}/credentials`,
      AWS_REGION: 'eu-west-1',
    });
    const ended = await program.run(['doctor', '--json']);
    const { endpoint, credentials, fleet, state } = readChecks(ended);
    expect(ended.status).toBe(69);
    expect(endpoint).toMatchObject({ status: 'failed', code: 'unavailable', reason: 'response_timeout' });
    expect(credentials).toMatchObject({ status: 'failed', code: 'config' });
    expect(fleet).toMatchObject({ status: 'failed', code: 'unavailable', reason: 'fleet_timeout' });
    expect(state?.status).toBe('ok');
    expect(ended.durationMs).toBeLessThan(15_000);
  });

  it('can be interrupted', async () => {
    await using silent = await startSilent();
    await using program = await Program.create({ ...KEYS, AWS_ENDPOINT_URL: `http://${silent.address}` });
    const { child, ended } = program.start(['doctor', '--verbose']);
    // The log of the credentials, which are found while the endpoint is silent.
    await new Promise((resolve) => child.stderr?.once('data', resolve));
    child.kill('SIGINT');
    expect((await ended).status).toBe(130);
  });

  it.each([
    { aheadMs: 3_600_000, status: 78, found: { status: 'failed', code: 'config', reason: 'clock_skew' } },
    { aheadMs: -120_000, status: 0, found: { status: 'warning', code: null, reason: 'clock_skew' } },
    { aheadMs: 0, status: 0, found: { status: 'ok' } },
  ])('compares the clock with a store that is $aheadMs ms ahead', async ({ aheadMs, status, found }) => {
    await using store = await startStore({ aheadMs });
    await using program = await Program.create({ ...KEYS, AWS_ENDPOINT_URL: `http://${store.address}` });
    const ended = await program.run(['doctor', '--json']);
    expect(readChecks(ended)['clock']).toMatchObject(found);
    expect(ended.status).toBe(status);
  });

  it('tells a login page from a store', async () => {
    await using store = await startStore({ page: '<html>log in</html>' });
    await using program = await Program.create({ ...KEYS, AWS_ENDPOINT_URL: `http://${store.address}` });
    const ended = await program.run(['doctor', '--json']);
    expect(ended.status).toBe(78);
    expect(readChecks(ended)['endpoint']).toMatchObject({ status: 'failed', code: 'config', reason: 'not_s3' });
  });

  it.each([
    { env: { AWS_SECRET_ACCESS_KEY: 'hunter2' }, args: [], check: 'credentials', status: 77 },
    { env: { AWS_SECRET_ACCESS_KEY: '', AWS_ACCESS_KEY_ID: '' }, args: [], check: 'credentials', status: 78 },
    { env: {}, args: ['s3://missing'], check: 'bucket', status: 66 },
    { env: { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' }, args: [], check: 'endpoint', status: 69 },
    { env: { AWS_ENDPOINT_URL_S3: 'http://u:hunter2@store' }, args: [], check: 'endpoint', status: 78 },
    { env: { BREAKWATER_PUSH: 'http://u:hunter2@gateway' }, args: [], check: 'settings', status: 78 },
    { env: { BREAKWATER_TEXTFILE: '/nowhere/x.prom' }, args: [], check: 'settings', status: 78 },
    { env: { BREAKWATER_STATE_DIR: '/proc/breakwater' }, args: [], check: 'state', status: 73 },
    { env: { BREAKWATER_STATE_DIR: '/proc' }, args: [], check: 'state', status: 74 },
    { env: { AWS_CA_BUNDLE: '/nowhere.pem' }, args: [], check: 'certificates', status: 78 },
    { env: { HTTP_PROXY: 'http://u:hunter2@127.0.0.1:1' }, args: [], check: 'endpoint', status: 69 },
    { env: { BREAKWATER_FLEET: 'redis://u:hunter2@127.0.0.1:1' }, args: [], check: 'fleet', status: 69 },
  ])('ends with $status where $check is at fault: $env $args', async ({ env, args, check, status }) => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({ ...sandbox.env, ...env });
    const ended = await program.run(['doctor', '--json', ...args]);
    const checks = Object.values(readChecks(ended)).filter((found) => found.status === 'failed');
    expect([checks.map((found) => found.check), ended.status]).toEqual([[check], status]);
    expect(checks[0]?.hint).toMatch(/\w/);
    const { text, stderr } = await program.run(['doctor', ...args]);
    expect(text).toMatch(new RegExp(`^failed +${check} `, 'm'));
    expect(`${ended.text}${text}${stderr}`).not.toContain('hunter2');
  });

  it('names what is wrong with a config file, among its checks', async () => {
    await using program = await Program.create(KEYS);
    await mkdir(program.path('.config', 'breakwater'), { recursive: true });
    await writeFile(program.path('.config', 'breakwater', 'config.json'), '{"retries": 3,}');
    const { status, text } = await program.run(['doctor', '--endpoint-url', 'http://127.0.0.1:1']);
    expect([status, text]).toEqual([78, expect.stringMatching(/^failed +settings .* line 1, column 15/m)]);
  });

  it.each(ENGINES)('asks the fleet in %s, and notes nothing there', async (engine) => {
    await using redis = await startRedis(engine);
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({ ...sandbox.env, BREAKWATER_FLEET: redis.url });
    const ended = await program.run(['doctor', '--json', '--fleet-timeout', '2s', '--fleet-host', 'me']);
    expect(ended.status).toBe(0);
    expect(readChecks(ended)['fleet']).toMatchObject({
      status: 'ok',
      facts: { quorum: 2, host: 'me', other_hosts: [] },
    });
    // What it has tried to write there expires.
    await expect.poll(async () => await redis.command('DBSIZE')).toContain(':0');
  });
});
