/**
 * Met: `metrics --push` told of a gateway's refusal only its status, unless it was a 400 with a plain text: not the reason of a
 *   401, 413 or 500, nor one in JSON, as interfaces before the gateway write it. A 400 whose text never ended was reported as
 *   "no response within 5 s", and a compressed text as what it is in bytes.
 * Cause: only the one form of Prometheus' own gateway was read, to its end.
 * Fix: the words of every refusal are read, as text or as JSON, for a second at most. A web page, compressed bytes and what
 *   repeats our password are left out.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import Metrics from '../../src/commands/metrics.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';

afterEach(() => vi.unstubAllEnvs());

async function push(respond: (response: ServerResponse) => void, env: Readonly<Record<string, string>> = {}) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => respond(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await using program = await Program.create(env);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const place = { env: { ...program.env, ...env }, home: program.directory };
  const { status, stderr } = await runInProcess(Metrics, ['--push', url], place);
  server.closeAllConnections();
  server.close();
  expect(status).toBe(69);
  return /: HTTP (.*) \(push_failed/.exec(stderr)?.[1];
}

const JSON_TYPE = 'application/json; charset=utf-8';

it.each([
  [401, 'text/plain', 'Unauthorized\n', '401: Unauthorized'],
  [413, 'text/plain', 'too large\n', '413: too large'],
  [400, JSON_TYPE, '{"status":"error","error":"type of s3_operations_total"}', '400: type of s3_operations_total'],
  [422, 'application/problem+json', '{"detail":"out of order"}', '422: out of order'],
  [403, JSON_TYPE, '{"error":{"message":"no such token"}}', '403: no such token'],
  [400, JSON_TYPE, 'not JSON', '400'],
  [400, 'text/html', '<h1>Bad</h1>', '400'],
])('says of %i (%s): %j', async (status, type, text, expected) => {
  expect(await push((response) => response.writeHead(status, { 'content-type': type }).end(text))).toBe(expected);
});

it('does not print compressed bytes, nor a text that repeats the password', async () => {
  const head = { 'content-type': 'text/plain' };
  expect(
    await push((response) => response.writeHead(400, { ...head, 'content-encoding': 'gzip' }).end('\x1f\x8b')),
  ).toBe('400');
  const secrets = { BREAKWATER_PUSH_USER: 'bob', BREAKWATER_PUSH_PASSWORD: 'hunter2' };
  expect(await push((response) => response.writeHead(401, head).end('bob:hunter2 is unknown'), secrets)).toBe('401');
});

it('reads what comes within a second of a text that never ends', async () => {
  expect(await push((response) => response.writeHead(400, { 'content-type': 'text/plain' }).write('bad s3_x\n'))).toBe(
    '400: bad s3_x',
  );
});
