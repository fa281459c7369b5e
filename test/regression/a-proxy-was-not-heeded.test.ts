/**
 * Met: where S3 is reached only through a proxy, every command failed: HTTP_PROXY and HTTPS_PROXY were ignored.
 * Cause: connections were always opened to the endpoint itself.
 * Fix: undici's proxy agent sends everything where a proxy applies, also the push of metrics; errors name the proxy.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { expect, it } from 'vitest';
import { canMakeCertificates, makeCertificate } from '../support/certificate.ts';
import { Program } from '../support/program.ts';
import { startTestProxy } from '../support/proxy.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const SIZE = 20 * 1024 * 1024;

async function transferAll(program: Program, env: Readonly<Record<string, string>>): Promise<void> {
  const body = randomBytes(SIZE);
  await writeFile(program.path('large'), body);
  await writeFile(program.path('small'), 'x');
  const run = async (...args: readonly string[]) => {
    const ended = await program.run(args, { env });
    expect([args[0], ended.status, ended.stderr]).toEqual([args[0], 0, '']);
  };
  await run('put', '--quiet', 'large', 's3://bucket/d/large');
  await run('put', '--quiet', 'small', 's3://bucket/d/small');
  await run('get', '--quiet', 's3://bucket/d/large', 'back');
  expect((await readFile(program.path('back'))).equals(body)).toBe(true);
  await run('get', '--quiet', '-r', 's3://bucket/d/', 'tree');
  expect(await readFile(program.path('tree', 'small'), 'utf8')).toBe('x');
  await run('sweep', '--quiet', 's3://bucket/d/', '--older-than', '0s', '--yes');
}

it('sends every request of a plain endpoint through HTTP_PROXY', async () => {
  await using sandbox = await startTestSandbox();
  await using proxy = await startTestProxy();
  await using program = await Program.create(sandbox.env);
  const endpoint = `http://store.invalid:${new URL(sandbox.endpoint).port}`;
  const env = { AWS_ENDPOINT_URL_S3: endpoint, HTTP_PROXY: `http://me:hu%20sh@127.0.0.1:${proxy.port}` };
  await transferAll(program, env);
  expect(proxy.requests.length).toBeGreaterThan(5);
  expect(proxy.requests.filter((line) => !line.includes(` ${endpoint}/`))).toEqual([]);
  expect(new Set(proxy.authorizations)).toEqual(new Set([`Basic ${Buffer.from('me:hu sh').toString('base64')}`]));
  expect(sandbox.read('bucket', 'd/small')).toBeUndefined();
});

it.skipIf(!canMakeCertificates('a proxy for TLS'))('tunnels to an endpoint with TLS through HTTPS_PROXY', async () => {
  await using sandbox = await startTestSandbox();
  await using proxy = await startTestProxy();
  await using program = await Program.create(sandbox.env);
  const certificate = makeCertificate(program.directory);
  const front = createServer({ key: certificate.key, cert: certificate.cert }, (socket) => {
    const back = connect(Number(new URL(sandbox.endpoint).port), '127.0.0.1');
    socket.on('error', () => back.destroy()).on('close', () => back.destroy());
    back.on('error', () => socket.destroy());
    socket.pipe(back).pipe(socket);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const { port } = front.address() as AddressInfo;
  await transferAll(program, {
    AWS_ENDPOINT_URL_S3: `https://localhost:${port}`,
    AWS_CA_BUNDLE: certificate.path,
    HTTPS_PROXY: `127.0.0.1:${proxy.port}`,
  });
  front.close();
  expect(new Set(proxy.requests)).toEqual(new Set([`CONNECT localhost:${port}`]));
});

it('leaves a host of NO_PROXY to our own connections', async () => {
  await using sandbox = await startTestSandbox();
  await using proxy = await startTestProxy();
  await using program = await Program.create(sandbox.env);
  await writeFile(program.path('small'), 'x');
  const env = { HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: '127.0.0.0/8' };
  expect((await program.run(['put', 'small', 's3://bucket/key'], { env })).status).toBe(0);
  expect(proxy.requests).toEqual([]);
});

it.each([
  ['http', 407, 78, /the proxy 127\.0\.0\.1:\d+ refused the connection with 407.*\n.*HTTP_PROXY/],
  ['https', 407, 78, /the proxy 127\.0\.0\.1:\d+ refused the connection with 407/],
  ['https', 403, 78, /refused the connection with 403.*\n.*NO_PROXY/],
  ['https', 503, 69, /proxy_refused: the proxy 127\.0\.0\.1:\d+ answered 503 .*2 attempts/],
] as const)('blames the proxy of an %s endpoint that answers %i', async (scheme, status, ends, says) => {
  await using proxy = await startTestProxy();
  proxy.refuse = status;
  await using program = await Program.create({
    AWS_ENDPOINT_URL_S3: `${scheme}://store.invalid`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'k',
    AWS_SECRET_ACCESS_KEY: 's',
    ALL_PROXY: `http://me:hush@127.0.0.1:${proxy.port}`,
  });
  const ended = await program.run(['get', 's3://bucket/key', '-', '--retries', '1', '--retry-base', '1ms']);
  expect([ended.status, ended.stderr]).toEqual([ends, expect.stringMatching(says)]);
  expect(ended.stderr).not.toContain('hush');
});

it('takes the answer that comes through it before the body is read', async () => {
  const refusal = '<Error><Code>AccessDenied</Code><Message>no</Message></Error>';
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.end(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${refusal.length}\r\nConnection: close\r\n\r\n${refusal}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = (server.address() as AddressInfo).port;
  await using program = await Program.create({
    AWS_ENDPOINT_URL_S3: 'http://store.invalid',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'k',
    AWS_SECRET_ACCESS_KEY: 's',
    HTTP_PROXY: `http://127.0.0.1:${port}`,
  });
  await writeFile(program.path('file'), Buffer.alloc(7 * 1024 * 1024));
  const ended = await program.run(['put', 'file', 's3://bucket/key', '--retries', '0']);
  server.close();
  expect([ended.status, ended.stderr]).toEqual([77, expect.stringMatching(/AccessDenied/)]);
});

it('sends a request again at once if the proxy has closed its connection meanwhile', async () => {
  await using sandbox = await startTestSandbox();
  await using proxy = await startTestProxy({ requestsPerConnection: 1 });
  await using program = await Program.create(sandbox.env);
  const endpoint = `http://store.invalid:${new URL(sandbox.endpoint).port}`;
  const env = { AWS_ENDPOINT_URL_S3: endpoint, HTTP_PROXY: `127.0.0.1:${proxy.port}`, BREAKWATER_RETRIES: '0' };
  await transferAll(program, env);
});

it('gives up a proxy that never answers, after the connect timeout', async () => {
  const server = createTcpServer((socket) => socket.on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await using program = await Program.create({
    AWS_ENDPOINT_URL_S3: 'https://store.invalid',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'k',
    AWS_SECRET_ACCESS_KEY: 's',
    HTTPS_PROXY: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  const ended = await program.run(['get', 's3://b-b/key', '-', '--retries', '0', '--connect-timeout', '500ms']);
  server.close();
  expect([ended.status, ended.stderr]).toEqual([69, expect.stringMatching(/through the proxy/)]);
  expect(ended.durationMs).toBeLessThan(30_000);
});

it('names a proxy that is not there', async () => {
  await using program = await Program.create({
    AWS_ENDPOINT_URL_S3: 'https://store.invalid',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'k',
    AWS_SECRET_ACCESS_KEY: 's',
    HTTPS_PROXY: 'http://127.0.0.1:1',
  });
  const ended = await program.run(['get', 's3://bucket/key', '-', '--retries', '0']);
  expect([ended.status, ended.stderr]).toEqual([
    69,
    expect.stringMatching(/connection_refused: through the proxy 127\.0\.0\.1:1/),
  ]);
});

it('pushes metrics through it', async () => {
  await using sandbox = await startTestSandbox();
  await using proxy = await startTestProxy();
  await using program = await Program.create(sandbox.env);
  await writeFile(program.path('small'), 'x');
  const port = new URL(sandbox.endpoint).port;
  const env = { HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, BREAKWATER_PUSH: `http://gateway.invalid:${port}` };
  await program.run(['put', 'small', 's3://bucket/key'], { env });
  expect(proxy.requests).toContainEqual(
    expect.stringMatching(new RegExp(`^PUT http://gateway\\.invalid:${port}/metrics/job/breakwater/`)),
  );
});
