import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';

/** Our reader refuses an empty line before the answer; undici skips it. */
const ANSWER = '\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: "e"\r\nConnection: close\r\n\r\nbody';

async function startServer() {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end(ANSWER));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}

it('BREAKWATER_TEST_HTTP chooses who reads objects', async () => {
  using server = await startServer();
  await using program = await Program.create({
    AWS_ENDPOINT_URL_S3: server.endpoint,
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    BREAKWATER_RETRIES: '0',
  });
  const get = async (http: string) =>
    await program.run(['get', '--json', 's3://bucket/key', 'copy'], {
      env: { BREAKWATER_TEST_HTTP: http },
    });
  const [own, undici] = [await get('own'), await get('undici')];
  expect(readDocument(own)).toMatchObject({ ok: false });
  expect(undici).toMatchObject({ status: 0 });
});
