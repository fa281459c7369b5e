import assert from 'node:assert';
import { execFileSync } from 'node:child_process';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { openState } from '../../src/state/open-state.ts';
import { isInstalled } from '../support/debian-server.ts';
import { canMakeCertificates, makeCertificate } from '../support/certificate.ts';
import { PATIENCE } from '../support/patience.ts';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

interface Push {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Gateway extends AsyncDisposable {
  readonly url: string;
  readonly pushes: readonly Push[];
}

interface GatewayOptions {
  /** What it says with every answer. */
  readonly says?: string;
  /** What happens between a push and its answer. */
  readonly onPush?: () => Promise<void>;
}

/** A gateway that answers with these statuses, the last one for ever; 0 never answers. */
async function startGateway(...statuses: readonly number[]): Promise<Gateway> {
  return await startGatewayWith({}, ...statuses);
}

async function startGatewayWith(
  { says = '', onPush = async () => await Promise.resolve() }: GatewayOptions,
  ...statuses: readonly number[]
): Promise<Gateway> {
  const pushes: Push[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    const answer = async (): Promise<void> => {
      const status = statuses[Math.min(pushes.length, statuses.length - 1)] ?? 200;
      pushes.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      await onPush();
      if (status === 0) return;
      response.writeHead(status, { location: '/login', 'content-type': 'text/plain; charset=utf-8' }).end(says);
    };
    request.on('end', () => void answer());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pushes,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function createProgram(env: Readonly<Record<string, string>> = {}): Promise<Program> {
  return await Program.create({ AWS_REGION: 'eu-west-1', ...env });
}

describe('metrics --push', () => {
  it('replaces the group of job and instance with the totals, in the text format', async () => {
    await using gateway = await startGateway(202);
    await using program = await createProgram();
    const ended = await program.run(['metrics', '--json', '--push', gateway.url, '--push-instance', 'web/1']);
    expect(ended.status).toBe(0);
    expect(readDocument(ended)).toMatchObject({ ok: true, pushed_to: gateway.url });
    const [push] = gateway.pushes;
    expect(push).toMatchObject({ method: 'PUT', url: '/metrics/job/breakwater/instance@base64/d2ViLzE' });
    expect(push?.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(push?.body).toContain('# TYPE s3_operations_total counter');
    expect(push?.body.endsWith('\n')).toBe(true);
  });

  it.each([
    ['a redirect, which may be a login page', [302], 1, /redirect/],
    ['a refusal', [400], 1, /HTTP 400/],
    ['an outage, after a second try', [503, 503], 2, /HTTP 503/],
  ] as const)('fails with 69 at %s', async (_what, statuses, tries, says) => {
    await using gateway = await startGateway(...statuses);
    await using program = await createProgram();
    const ended = await program.run(['metrics', '--json', '--push', gateway.url]);
    expect(ended.status).toBe(69);
    expect(readDocument(ended).error).toMatchObject({ code: 'push_failed' });
    expect(ended.stderr).toMatch(says);
    expect(gateway.pushes).toHaveLength(tries);
  });

  it('succeeds on the second try', async () => {
    await using gateway = await startGateway(503, 200);
    await using program = await createProgram();
    expect((await program.run(['metrics', '--push', gateway.url])).status).toBe(0);
    expect(gateway.pushes).toHaveLength(2);
  });

  it('does not wait for the end of a response', async () => {
    const server = createServer((request, response) => {
      request.resume().once('end', () => response.writeHead(200, { 'content-length': '1000' }).write('x'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await using program = await createProgram();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ended = await program.run(['metrics', '--push', url]);
    server.close();
    server.closeAllConnections();
    expect(ended.status).toBe(0);
    expect(ended.durationMs).toBeLessThan(4900);
  });

  it('reports why the gateway rejects metrics, but never our credentials', async () => {
    await using program = await createProgram({ BREAKWATER_PUSH_TOKEN: 'hush' });
    await using gateway = await startGatewayWith({ says: 'pushed metrics are inconsistent\nand more' }, 400);
    const ended = await program.run(['metrics', '--push', gateway.url]);
    expect(ended.stderr).toMatch(/HTTP 400: pushed metrics are inconsistent and more \(push_failed\)/);
    await using echo = await startGatewayWith({ says: 'bad token hush' }, 400);
    expect((await program.run(['metrics', '--push', echo.url])).stderr).not.toMatch(/hush/);
  });

  it.each([
    ['a token with a line break in it', { BREAKWATER_PUSH_TOKEN: 'hush\nhush' }, /BREAKWATER_PUSH_TOKEN/],
    ['a file of a token that is not there', { BREAKWATER_PUSH_TOKEN_FILE: 'none' }, /BREAKWATER_PUSH_TOKEN_FILE/],
    ['a file of authorities without one', { BREAKWATER_PUSH_CA: '/dev/null' }, /BREAKWATER_PUSH_CA/],
  ])('refuses %s with 78, and sends nothing', async (_what, env, says) => {
    await using gateway = await startGateway(200);
    await using program = await createProgram(env);
    const ended = await program.run(['metrics', '--push', gateway.url]);
    expect([ended.status, ended.stderr, gateway.pushes.length]).toEqual([78, expect.stringMatching(says), 0]);
    expect(ended.stderr).not.toMatch(/hush/);
  });

  it.each([
    ['user and password', { BREAKWATER_PUSH_USER: 'me', BREAKWATER_PUSH_PASSWORD: 'hush' }, 'Basic bWU6aHVzaA=='],
    ['a token', { BREAKWATER_PUSH_TOKEN: 'hush' }, 'Bearer hush'],
    ['a token in a file', { BREAKWATER_PUSH_TOKEN_FILE: 'token' }, 'Bearer hush'],
  ])('signs in with %s, and never prints it', async (_what, env, authorization) => {
    await using gateway = await startGateway(401);
    await using program = await createProgram(env);
    await writeFile(program.path('token'), 'hush\n');
    const ended = await program.run(['metrics', '--verbose', '--push', gateway.url]);
    expect(gateway.pushes[0]?.headers.authorization).toBe(authorization);
    expect(ended.status).toBe(69);
    expect(`${ended.text}${ended.stderr}`).not.toMatch(/hush|bWU6/);
  });

  it.each([
    ['no URL', 'gateway:9091', 78],
    ['one with credentials in it', 'http://me:hush@127.0.0.1:9091', 78],
    ['one with a query', 'http://127.0.0.1:9091?token=hush', 78],
  ])('refuses %s without repeating it', async (_what, url, status) => {
    await using program = await createProgram();
    const ended = await program.run(['metrics', '--push', url]);
    expect(ended.status).toBe(status);
    expect(ended.stderr).not.toMatch(/hush/);
  });
});

describe.skipIf(!canMakeCertificates('a push over TLS'))('metrics --push over TLS', () => {
  it('trusts only the certificate authorities that it is given', async () => {
    await using program = await createProgram();
    const certificate = makeCertificate(program.directory);
    const server = createTlsServer(certificate, (request, response) => {
      request.resume().once('end', () => response.writeHead(200).end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const trusted = await program.run(['metrics', '--push', url, '--push-ca', certificate.path]);
    const unknown = await program.run(['metrics', '--push', url]);
    const missing = await program.run(['metrics', '--push', url, '--push-ca', 'none.pem']);
    server.close();
    server.closeAllConnections();
    expect([trusted.status, unknown.status, missing.status]).toEqual([0, 69, 78]);
    expect(unknown.stderr).toMatch(/SELF_SIGNED/);
  });
});

describe('the end of a command', () => {
  it('pushes totals, or deltas for an aggregating gateway', async () => {
    await using sandbox = await startTestSandbox();
    await using gateway = await startGateway(200);
    await using program = await createProgram({ ...sandbox.env, BREAKWATER_PUSH: gateway.url });
    await writeFile(program.path('file'), 'x');
    const put = ['put', 'file', 's3://bucket/key'];
    await program.run(put);
    await program.run(put);
    await program.run(put, { env: { BREAKWATER_PUSH_MODE: 'deltas' } });
    await program.run(['breaker-status']);
    const series = 's3_operations_total{operation="put_object",bucket="bucket",result="success"}';
    const found = gateway.pushes.map(({ method, body }) => [
      method,
      body
        .split('\n')
        .find((line) => line.startsWith(series))
        ?.slice(series.length + 1),
    ]);
    expect(found).toEqual([
      ['PUT', '1'],
      ['PUT', '2'],
      ['POST', '1'],
    ]);
    // Nothing that an aggregating gateway would add up and must not.
    const { body = '' } = gateway.pushes[2] ?? {};
    const gauges = [...body.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name = '']) => name);
    expect(gauges).toContain('breakwater_build_info');
    expect(body.split('\n').filter((line) => gauges.some((name) => line.startsWith(name)))).toEqual([]);
  });

  it('waits at most 5 s for a gateway that hangs, even in the handshake, and warns once', async () => {
    await using sandbox = await startTestSandbox();
    const finish = async (protocol: 'http' | 'https') => {
      // Takes connections, and never says a word.
      const mute = createNetServer().listen(0, '127.0.0.1');
      const calledAtMs = new Promise<number>((resolve) => mute.once('connection', () => resolve(performance.now())));
      await new Promise((resolve) => mute.once('listening', resolve));
      const url = `${protocol}://127.0.0.1:${(mute.address() as AddressInfo).port}`;
      await using program = await createProgram({ ...sandbox.env, BREAKWATER_PUSH: url });
      await writeFile(program.path('file'), 'x');
      const { status, stderr } = await program.run(['put', 'file', 's3://bucket/key']);
      const waitedMs = performance.now() - (await calledAtMs);
      mute.close();
      return { status, stderr, waitedMs };
    };
    for (const { status, stderr, waitedMs } of await Promise.all([finish('http'), finish('https')])) {
      expect(status).toBe(0);
      expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(/^warning: .*no response within 5 s/)]);
      // Beside the 5 s there is the end of the process, which a busy machine may delay.
      expect(waitedMs).toBeLessThan(8000);
    }
  });

  it('pushes again when another process has added to the totals meanwhile', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await createProgram(sandbox.env);
    await writeFile(program.path('file'), 'x');
    let others = 2;
    const onPush = async (): Promise<void> => {
      if (others === 0) return;
      others -= 1;
      const state = openState({ directory: program.path('state'), clock: systemClock, onWarning: assert.fail });
      const labels = { operation: 'put_object', bucket: 'bucket', result: 'success' };
      const counters = [{ family: 's3_operations_total', labels, value: 10 }];
      state.metrics.add(() => ({ counters, gauges: [], histograms: [], refusals: [] }));
      state.close();
      await Promise.resolve();
    };
    await using gateway = await startGatewayWith({ onPush }, 200);
    const put = ['put', 'file', 's3://bucket/key'];
    expect((await program.run(put, { env: { BREAKWATER_PUSH: gateway.url } })).status).toBe(0);
    const totals = gateway.pushes.map(({ body }) => /result="success"\} (\d+)$/m.exec(body)?.[1]);
    expect(totals).toEqual(['1', '11', '21']);
  });

  it('keeps its status when a push fails, and warns once', async () => {
    await using sandbox = await startTestSandbox();
    await using gateway = await startGateway(400);
    await using program = await createProgram({ ...sandbox.env, BREAKWATER_PUSH: gateway.url });
    await writeFile(program.path('file'), 'x');
    const ended = await program.run(['put', '--json', 'file', 's3://bucket/key']);
    expect([ended.status, readDocument(ended)['ok']]).toEqual([0, true]);
    expect(ended.stderr.trim().split('\n')).toEqual([expect.stringMatching(/^warning: .*HTTP 400/)]);
  });

  it('replaces a textfile atomically, readable by everyone, with a label for its store', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await createProgram({ ...sandbox.env });
    await mkdir(program.path('collector'));
    await writeFile(program.path('file'), 'x');
    const path = program.path('collector', 'breakwater.prom');
    const ended = await program.run(['put', 'file', 's3://bucket/key'], { env: { BREAKWATER_TEXTFILE: path } });
    expect(ended.status).toBe(0);
    expect(await readFile(path, 'utf8')).toMatch(
      /^s3_operations_total\{operation="put_object",bucket="bucket",result="success",store="[0-9a-f]{8}"\} 1$/m,
    );
    expect((await stat(path)).mode % 0o1000).toBe(0o644);
    expect(await readdir(program.path('collector'))).toEqual(['breakwater.prom']);

    await chmod(path, 0o600);
    expect((await program.run(['metrics', '--textfile', path])).text).toBe(`wrote the metrics to ${path}\n`);
    expect((await stat(path)).mode % 0o1000).toBe(0o644);
    const missing = await program.run(['metrics', '--json', '--textfile', program.path('none', 'x.prom')]);
    expect(readDocument(missing).error).toMatchObject({ code: 'local_create', exit_status: 73 });
  });
});

describe('metrics --serve', () => {
  async function serve(program: Program, ...more: readonly string[]) {
    const { child, ended } = program.start(['metrics', '--serve', '--listen', '0', ...more]);
    const url = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const found = /served at (\S+);/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      child.once('close', () => reject(new Error(said)));
    });
    return { child, ended, url };
  }

  it('includes in each scrape what other processes have added since', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await createProgram(sandbox.env);
    await writeFile(program.path('file'), 'x');
    const { child, ended, url } = await serve(program);
    expect(await (await fetch(url)).text()).not.toContain('put_object');
    await program.run(['put', 'file', 's3://bucket/key']);
    const scraped = await fetch(url);
    expect(scraped.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await scraped.text()).toContain(
      's3_operations_total{operation="put_object",bucket="bucket",result="success"} 1',
    );
    const open = await fetch(url, {
      headers: { accept: 'application/openmetrics-text; version=1.0.0,text/plain;q=0.5' },
    });
    expect(open.headers.get('content-type')).toMatch(/^application\/openmetrics-text/);
    expect(await open.text()).toMatch(/# EOF\n$/);

    const { origin } = new URL(url);
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
    expect((await fetch(`${origin}/`)).status).toBe(200);
    expect((await fetch(`${origin}/nothing`)).status).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(100);

    const second = await program.run(['metrics', '--serve', '--json', '--listen', new URL(url).port]);
    expect(second.status).toBe(78);
    expect(readDocument(second).error).toMatchObject({ code: 'config', reason: 'port' });

    child.kill('SIGTERM');
    expect((await ended).status).toBe(0);
  });

  it.skipIf(!isInstalled('curl', 'a scrape as a user tries it'))(
    'shows curl the state of the circuits while transfers run',
    async () => {
      await using sandbox = await startTestSandbox();
      await using program = await createProgram({
        ...sandbox.env,
        BREAKWATER_RETRIES: '0',
        BREAKWATER_FAILURE_THRESHOLD: '1',
      });
      await writeFile(program.path('file'), 'x');
      sandbox.putObject('bucket', 'slow', { body: 'x'.repeat(1000) });
      sandbox.addFault('GetObject:stall');
      sandbox.addFault('PutObject:503:ServiceUnavailable');
      const { child, ended, url } = await serve(program);
      const transfer = program.start(['get', 's3://bucket/slow', 'slow']);
      await vi.waitFor(
        () => expect(sandbox.requests().map(({ operation }) => operation)).toContain('GetObject'),
        PATIENCE,
      );
      expect((await program.run(['put', 'file', 's3://bucket/key'])).status).toBe(69);
      const scope = new URL(sandbox.endpoint).host;
      const lines = execFileSync('sh', ['-c', `curl -s ${url} | grep s3_circuit_breaker_state`], { encoding: 'utf8' });
      expect(lines.split('\n')).toEqual([
        expect.stringMatching(/^# HELP/),
        '# TYPE s3_circuit_breaker_state gauge',
        `s3_circuit_breaker_state{circuit_name="s3-download@${scope}"} 0`,
        `s3_circuit_breaker_state{circuit_name="s3-upload@${scope}"} 2`,
        '',
      ]);
      transfer.child.kill('SIGTERM');
      child.kill('SIGTERM');
      expect([(await transfer.ended).status, (await ended).status]).toEqual([143, 0]);
    },
  );

  it('returns 503 while the state cannot be read', async () => {
    await using program = await createProgram();
    const { child, ended, url } = await serve(program);
    expect((await fetch(url)).status).toBe(200);
    await mkdir(program.path('state'));
    await writeFile(program.path('state', 'state.db'), 'no database at all '.repeat(100));
    const broken = await fetch(url);
    expect([broken.status, await broken.text()]).toEqual([503, expect.stringMatching(/corrupt/)]);
    child.kill('SIGINT');
    expect((await ended).status).toBe(0);
  });

  it.each([
    ['--serve', '--push=http://127.0.0.1:1'],
    ['--serve', '--textfile=out.prom'],
    ['--reset', '--textfile=out.prom'],
  ])('refuses %s with %s, which would be ignored, but not the same in the environment', async (mode, outlet) => {
    await using program = await createProgram({ BREAKWATER_TEXTFILE: 'environment.prom' });
    const refused = await program.run(['metrics', mode, '--yes', outlet]);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('would be ignored')]);
    if (mode === '--reset') expect((await program.run(['metrics', mode, '--yes'])).status).toBe(0);
  });

  it.each(['99999', 'x', ':80', '1.2.3.4'])('refuses --listen %s', async (listen) => {
    await using program = await createProgram();
    const ended = await program.run(['metrics', '--serve', '--listen', listen]);
    expect([ended.status, ended.stderr]).toEqual([2, expect.stringMatching(/--listen/)]);
  });
});
