/**
 * Met: a proxy that sent an error with a body without an end took all memory, or all time if the body came in drops.
 * Cause: the SDK collects the body of an error to its end, whatever that is.
 * Fix: an error's body ends after 256 KiB, after the stall timeout, or where it breaks off, and the status decides.
 */
import { createServer, type Socket } from 'node:net';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { WatchedHttpHandler, type WatchedOptions } from '../../src/http/http-handler.ts';
import { RequestWatch } from '../../src/http/request-watch.ts';
import { readFailedResponse } from '../../src/retry/read-failure.ts';
import { DirectClient } from '../../src/s3/connection/direct-client.ts';
import { ObjectClient } from '../../src/s3/connection/object-client.ts';

const MIB = 1024 * 1024;
const head = (...lines: readonly string[]): string => ['HTTP/1.1 403 Forbidden', ...lines, '', ''].join('\r\n');
const XML = '<Error><Code>AccessDenied</Code><Message>no</Message></Error>';

type Answer = (socket: Socket) => void;

/** A server that answers every request in this way, and counts what it could send. */
async function listen(answer: Answer) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const sentBytes = (): number => [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
  return { endpoint: `http://127.0.0.1:${port}`, sentBytes, [Symbol.asyncDispose]: close };
}

const sendEndlessly: Answer = (socket) => {
  socket.write(`${head('Transfer-Encoding: chunked')}10000\r\n${'a'.repeat(0x10000)}\r\n`);
  const more = (): void => {
    while (!socket.destroyed && socket.write(`10000\r\n${'a'.repeat(0x10000)}\r\n`));
  };
  socket.on('drain', more);
  more();
};
const sendHuge: Answer = (socket) => {
  socket.write(head(`Content-Length: ${400 * MIB}`));
  const more = (): void => {
    while (!socket.destroyed && socket.write('a'.repeat(0x10000)));
  };
  socket.on('drain', more);
  more();
};
const sendDrops: Answer = (socket) => {
  socket.write(`${head('Content-Length: 1000000')}${XML}`);
  const drops = setInterval(() => socket.write(' '), 10);
  socket.on('close', () => clearInterval(drops));
};
const sendLess: Answer = (socket) => socket.end(`${head('Content-Length: 500')}${XML}`);
const sendMore: Answer = (socket) => socket.end(`${head('Content-Length: 10')}${XML}`);

const ADDRESS = { Bucket: 'b', Key: 'k' };
type Send = (client: ObjectClient, options: WatchedOptions) => Promise<unknown>;

describe.each<[string, boolean, Send]>([
  ['over our own connections', true, async (s3, options) => await s3.getObject(ADDRESS, options)],
  [
    'over those of undici',
    true,
    async (s3, options) => await s3.putObject({ ...ADDRESS, Body: Buffer.from('x') }, options),
  ],
  ['through the SDK', false, async (s3, options) => await s3.getObject(ADDRESS, options)],
  ['of a listing', false, async (s3, options) => await s3.send(new ListObjectsV2Command({ Bucket: 'b' }), options)],
])('an error %s', (_way, isFast, send) => {
  it.each<[string, Answer]>([
    ['has no end', sendEndlessly],
    ['has 400 MiB', sendHuge],
    ['comes in drops', sendDrops],
    ['is shorter than stated', sendLess],
    ['is longer than stated', sendMore],
  ])('goes by its status if its body %s', async (_what, answer) => {
    await using server = await listen(answer);
    const requestHandler = new WatchedHttpHandler({ connectTimeoutMs: 5000, certificates: null }, systemClock);
    const credentials = { accessKeyId: 'A', secretAccessKey: 'S' };
    const { endpoint } = server;
    const config = { region: 'us-east-1', endpoint, forcePathStyle: true, credentials, maxAttempts: 1, requestHandler };
    const s3 = isFast ? new DirectClient(config, null) : new ObjectClient(config);
    const watch = new RequestWatch(systemClock, { requestTimeoutMs: 5000, stallTimeoutMs: 100 });
    const error = await send(s3, { abortSignal: new AbortController().signal, watch }).catch(
      (thrown: unknown) => thrown,
    );
    requestHandler.destroy();
    expect(readFailedResponse(error)).toMatchObject({ httpStatus: 403, isNetworkFault: false });
    // What the sockets hold in between is not ours.
    expect(server.sentBytes()).toBeLessThan(16 * MIB);
  });
});
