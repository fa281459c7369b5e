/**
 * Met: `doctor` at an SSH server said "cannot be reached: not_s3" and ended with 69, as if S3 were down. With
 *   HTTP_PROXY=ftp://h it said "cannot be reached: config: HTTP_PROXY is not the URL of a proxy; check the endpoint".
 * Cause: an answer without a head of HTTP was treated as none; of an error of our own only its code and text were kept.
 * Fix: what answers, but not in HTTP, is not S3 (78), and an error of our own keeps its hint and its reason.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import Doctor from '../../src/commands/doctor.ts';
import { runInProcess } from '../support/in-process.ts';

const home = await mkdtemp(join(tmpdir(), 'breakwater-doctor-'));
afterAll(async () => await rm(home, { recursive: true, force: true }));

async function findEndpoint(endpointUrl: string, env: Readonly<Record<string, string>> = {}) {
  const settings = {
    HOME: home,
    BREAKWATER_ENDPOINT_URL: endpointUrl,
    BREAKWATER_STATE_DIR: join(home, 'state'),
    ...env,
  };
  const { stdout } = await runInProcess(Doctor, ['--json', '--credentials-timeout', '1s'], { env: settings, home });
  const { checks } = JSON.parse(stdout.toString()) as { readonly checks: readonly { readonly check: string }[] };
  return checks.find(({ check }) => check === 'endpoint');
}

async function startSpeaking(text: string, { isAtOnce }: { readonly isAtOnce: boolean }) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (isAtOnce) socket.end(text);
    else socket.once('data', () => socket.end(text));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, [Symbol.asyncDispose]: async () => await Promise.resolve(void server.close()) };
}

it.each([
  ['SSH at once', 'SSH-2.0-Open\r\n', true],
  ['SSH after the request', 'SSH-2.0-Open\r\n', false],
  ['an invalid header', 'HTTP/1.1 200 OK\r\nno header at all\r\n\r\n', false],
  ['TLS', '\u0015\u0003\u0003\u0000\u0002\u0002\u0028', false],
])('is told from a store: %s', async (_what, text, isAtOnce) => {
  await using server = await startSpeaking(text, { isAtOnce });
  expect(await findEndpoint(server.url)).toMatchObject({
    status: 'failed',
    code: 'config',
    reason: 'not_s3',
    message: expect.stringContaining('answers, but not as S3 does'),
    hint: expect.stringContaining('this is not an S3 response'),
  });
});

it('names the proxy that is not one, and what to do about it', async () => {
  const found = await findEndpoint('http://127.0.0.1:1', { HTTP_PROXY: 'ftp://h' });
  expect(found).toMatchObject({
    status: 'failed',
    code: 'config',
    reason: 'bad_proxy',
    message: 'http://127.0.0.1:1 cannot be reached: HTTP_PROXY is not the URL of a proxy',
    hint: expect.stringContaining('or unset HTTP_PROXY'),
  });
});
