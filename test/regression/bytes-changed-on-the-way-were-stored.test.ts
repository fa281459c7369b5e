/**
 * Met: a `get` behind a compressing proxy stored the compressed bytes with status 0; and a body that only the end of the
 *   connection ends was stored after a cut, with status 0, where the ETag is no MD5.
 * Cause: requests did not say that only the bytes as they are will do; and what has neither a length nor a checksum was
 *   taken to be complete.
 * Fix: each request has `Accept-Encoding: identity`, not signed. In those two cases a HEAD must confirm the size.
 */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import Get from '../../src/commands/get.ts';
import { runInProcess } from '../support/in-process.ts';

const BYTES = Buffer.from('text '.repeat(2000));
const GZIP = gzipSync(BYTES);
const PARTS = '"3f1d0bb0a7dd6a3d8d3bb0a3e4ad9a1f-2"';
const directory = await mkdtemp(join(tmpdir(), 'breakwater-encoded-'));
afterAll(async () => await rm(directory, { recursive: true, force: true }));

type Serve = (response: ServerResponse, request: IncomingMessage) => void;

/** Gets an object whose HEAD has these headers; the requests that it cost. */
async function getFrom(onGet: Serve, head: Record<string, string | number> = {}) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    if (request.method === 'GET') onGet(response, request);
    else response.writeHead(200, { etag: PARTS, 'content-length': BYTES.byteLength, ...head }).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const credentials = { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S', AWS_REGION: 'us-east-1' };
  Object.assign(process.env, credentials);
  const env = {
    ...credentials,
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    BREAKWATER_STATE_DIR: join(directory, `state-${port}`),
    BREAKWATER_RETRY_BASE: '1ms',
  };
  const path = join(directory, String(port));
  const { status } = await runInProcess(Get, ['s3://bkt/k', path], { env, home: directory });
  server.closeAllConnections();
  server.close();
  const bytes = await readFile(path).catch(() => null);
  return { status, bytes, requests, asked: requests.map(({ method }) => method).join(' ') };
}

/** Node writes neither a length nor chunks, and closes. */
function sendUnframed(response: ServerResponse, bytes: Buffer): void {
  response.useChunkedEncodingByDefault = false;
  response.removeHeader('transfer-encoding');
  response.writeHead(200, { etag: '"opaque"', connection: 'close' }).end(bytes);
}

describe('get', () => {
  it('asks for the bytes as they are, and signs nothing that proxies rewrite', async () => {
    const { status, requests } = await getFrom((response) =>
      response.writeHead(200, { etag: '"x"', 'content-length': BYTES.byteLength }).end(BYTES),
    );
    expect(status).toBe(0);
    expect(requests.map(({ headers }) => headers['accept-encoding'])).toEqual(['identity']);
    expect(requests[0]?.headers.authorization).not.toContain('accept-encoding');
  });

  it.each([['W/"opaque"'], ['"opaque"']])('refuses bytes that were compressed on the way, ETag %s', async (etag) => {
    const headers = { etag, 'content-encoding': 'gzip', 'content-length': GZIP.byteLength };
    const { status, bytes } = await getFrom((response) => response.writeHead(200, headers).end(GZIP), { etag });
    expect({ status, bytes }).toEqual({ status: 76, bytes: null });
  });

  it('refuses them where their length is not stated', async () => {
    const headers = { etag: '"opaque"', 'content-encoding': 'br' };
    const { status, bytes } = await getFrom((response) => response.writeHead(200, headers).end(GZIP), {
      etag: '"opaque"',
    });
    expect({ status, bytes }).toEqual({ status: 76, bytes: null });
  });

  it('fetches an object that was stored compressed', async () => {
    const headers = { etag: '"opaque"', 'content-encoding': 'gzip', 'content-length': GZIP.byteLength };
    const { status, bytes } = await getFrom((response) => response.writeHead(200, headers).end(GZIP), headers);
    expect(status).toBe(0);
    expect(bytes).toEqual(GZIP);
  });
});

describe('get of a body that only the end of the connection ends', () => {
  it('fetches it whole, and asks for its size', async () => {
    const { status, bytes, asked } = await getFrom((response) => sendUnframed(response, BYTES), { etag: '"opaque"' });
    expect({ status, asked }).toEqual({ status: 0, asked: 'GET HEAD' });
    expect(bytes).toEqual(BYTES);
  });

  it('refuses it cut', async () => {
    const cut = await getFrom((response) => sendUnframed(response, BYTES.subarray(0, 500)), { etag: '"opaque"' });
    expect(cut).toMatchObject({ status: 69, bytes: null });
  });

  it('refuses it if the HEAD is about another object', async () => {
    const { status, bytes } = await getFrom((response) => sendUnframed(response, BYTES), { etag: '"another"' });
    expect({ status, bytes }).toEqual({ status: 69, bytes: null });
  });
});
