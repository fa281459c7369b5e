import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { describe, expect, it, vi } from 'vitest';
import { HttpAgent } from '../../src/http/http-agent.ts';
import { findFreePort } from '../support/debian-server.ts';
import { PATIENCE } from '../support/patience.ts';
import { createHttpStage, OK } from '../support/raw-server.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const MIB = 1024 * 1024;
const CONNECT_TIMEOUT_MS = 1000;

interface Response {
  readonly status: number | null;
  readonly body: Buffer;
  readonly error: unknown;
}

/** What a server does with a request: it has the connection and the number of the request, from 1. */
type Serve = (socket: Socket, request: number) => void;

const responseWith = (body: string | Buffer): Serve => {
  return (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
    socket.write(body);
  };
};

/** An agent, and a server that is asked by it. */
async function createStage(serve: Serve) {
  const sockets: Socket[] = [];
  const heads: string[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    let head = '';
    socket.on('data', (bytes) => {
      head += bytes.toString('latin1');
      if (!head.endsWith('\r\n\r\n')) return;
      heads.push(head);
      head = '';
      serve(socket, heads.length);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clock = new VirtualClock();
  const agent = new HttpAgent({ clock, connectTimeoutMs: CONNECT_TIMEOUT_MS, certificates: null });
  const get = async (
    on: Dispatcher.DispatchHandler = {},
    { headers = {}, origin = `http://127.0.0.1:${port}` }: { headers?: Record<string, string>; origin?: string } = {},
  ): Promise<Response> => {
    const chunks: Buffer[] = [];
    let status: number | null = null;
    return await new Promise((resolve) => {
      const end = (error: unknown): void => resolve({ status, body: Buffer.concat(chunks), error });
      agent.dispatch(
        { origin, path: '/key', method: 'GET', headers: { host: 'test', ...headers } },
        {
          ...on,
          onResponseStart: (controller, statusCode, fields) => {
            status = statusCode;
            on.onResponseStart?.(controller, statusCode, fields);
          },
          onResponseData: (controller, chunk) => {
            chunks.push(Buffer.from(chunk));
            on.onResponseData?.(controller, chunk);
            agent.release([chunk]);
          },
          onResponseEnd: () => end(null),
          onResponseError: (_controller, error) => end(error),
        },
      );
    });
  };
  return {
    agent,
    clock,
    get,
    heads,
    sockets,
    port,
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

describe('HttpAgent', () => {
  it('sends a request unchanged, and passes on its response', async () => {
    await using stage = await createStage(responseWith('hello'));
    const response = await stage.get({}, { headers: { range: 'bytes=0-4', 'x-amz-date': 'now' } });
    expect({ ...response, body: response.body.toString() }).toEqual({ status: 200, body: 'hello', error: null });
    expect(stage.heads).toEqual([
      'GET /key HTTP/1.1\r\nhost: test\r\nrange: bytes=0-4\r\nx-amz-date: now\r\nconnection: keep-alive\r\n\r\n',
    ]);
  });

  it('refuses a line break in a request', async () => {
    await using stage = await createStage(responseWith(''));
    await expect(stage.get({}, { headers: { range: 'a\r\nhost: other' } })).rejects.toThrow('a line break');
    expect(stage.sockets).toHaveLength(0);
  });

  it('reuses a connection, and opens several for concurrent requests', async () => {
    await using stage = await createStage(responseWith('x'));
    for (let index = 0; index < 5; index += 1) await stage.get();
    expect([stage.heads.length, stage.sockets.length]).toEqual([5, 1]);
    const answers = await Promise.all(Array.from({ length: 3 }, async () => await stage.get()));
    expect(answers.map(({ body }) => body.toString())).toEqual(['x', 'x', 'x']);
    expect([stage.heads.length, stage.sockets.length]).toEqual([8, 3]);
  });

  it('opens no more connections than it may, and sends every request', async () => {
    let open = 0;
    let mostOpen = 0;
    await using stage = await createHttpStage(
      {
        serve: (socket, { connection, number }) => {
          if (number === 1) {
            mostOpen = Math.max(mostOpen, (open += 1));
            socket.on('close', () => (open -= 1));
          }
          setImmediate(() => (connection % 3 === 0 ? socket.end(OK) : socket.write(OK)));
        },
      },
      { connectionsMax: 2 },
    );
    // Every third connection ends with its response, and no POST uses a kept one.
    const methods = Array.from({ length: 60 }, (_, index) => (index % 4 === 0 ? 'POST' : 'GET'));
    const answers = await Promise.all(methods.map(async (method) => await stage.ask(method)));
    expect(answers.filter(({ status, error }) => status !== 200 || error !== null)).toEqual([]);
    expect(mostOpen).toBeLessThanOrEqual(3);
  });

  it('does not reuse a connection that was idle for 4 s', async () => {
    await using stage = await createStage(responseWith('x'));
    await stage.get();
    await stage.clock.advance(3999);
    await stage.get();
    expect(stage.sockets).toHaveLength(1);
    await stage.clock.advance(4000);
    await stage.get();
    expect(stage.sockets).toHaveLength(2);
  });

  it.each([
    ['ends', (socket: Socket) => socket.end()],
    [
      'sends a response that nobody requested',
      (socket: Socket) => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n'),
    ],
  ])('does not reuse a connection that %s', async (_what, end) => {
    await using stage = await createStage(responseWith('x'));
    await stage.get();
    const [socket] = stage.sockets;
    end(socket!);
    await once(socket!, 'close');
    expect(await stage.get()).toMatchObject({ status: 200, error: null });
    expect(stage.sockets).toHaveLength(2);
  });

  it('does not reuse a connection with bytes after the response', async () => {
    await using stage = await createStage((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy'));
    for (let index = 0; index < 2; index += 1) {
      expect(await stage.get()).toMatchObject({ status: 200, error: null, body: Buffer.from('x') });
    }
    expect(stage.sockets).toHaveLength(2);
  });

  it('reads large bodies in order from several connections at once', async () => {
    const body = randomBytes(20 * MIB);
    await using stage = await createStage(responseWith(body));
    const answers = await Promise.all(Array.from({ length: 4 }, async () => await stage.get()));
    for (const response of answers) expect(response.body.equals(body)).toBe(true);
  });

  it('passes on nothing while paused, even from the head on, and then continues', async () => {
    const body = randomBytes(20 * MIB);
    await using stage = await createStage(responseWith(body));
    const controllers: Dispatcher.DispatchController[] = [];
    const seen = { bytes: 0, isOver: false };
    const pause = (controller: Dispatcher.DispatchController): void => {
      controller.pause();
      controllers.push(controller);
    };
    const got = stage.get({
      onResponseStart: pause,
      onResponseData: (controller, chunk) => {
        seen.bytes += chunk.length;
        pause(controller);
      },
    });
    void got.then(() => (seen.isOver = true));
    for (let resumed = 0; ; resumed += 1) {
      await vi.waitFor(() => expect(seen.isOver || controllers.length > resumed).toBe(true), PATIENCE);
      const controller = controllers[resumed];
      if (controller === undefined) break;
      // The head or chunk is the last until it is resumed, whatever else has arrived meanwhile.
      const { bytes } = seen;
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      expect([controllers.length, seen.bytes, controller.paused]).toEqual([resumed + 1, bytes, true]);
      if (resumed === 0) expect(bytes).toBe(0);
      controller.resume();
    }
    const response = await got;
    expect([response.error, response.body.equals(body)]).toEqual([null, true]);
  });

  it.each([
    ['before the response', '', 'connection_closed'],
    ['within the head', 'HTTP/1.1 200 OK\r\nContent-', 'connection_closed'],
    ['within the body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody', 'body_cut'],
    ['within a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nbody', 'body_cut'],
  ])('reports the fault of a response that ended %s', async (_where, text, word) => {
    await using stage = await createStage((socket) => socket.end(text));
    expect((await stage.get()).error).toMatchObject({ name: 'TransferFault', word });
  });

  it('reads a body without a stated length to the end of its connection', async () => {
    await using stage = await createStage((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'));
    const response = await stage.get();
    expect([response.error, response.body.toString()]).toEqual([null, 'all of it']);
  });

  it('reports a reset or refused connection', async () => {
    await using stage = await createStage((socket) => socket.resetAndDestroy());
    expect((await stage.get()).error).toMatchObject({ code: 'ECONNRESET' });
    const port = await findFreePort();
    expect((await stage.get({}, { origin: `http://127.0.0.1:${port}` })).error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('ends a connection that does not speak HTTP', async () => {
    await using stage = await createStage((socket) => socket.write('220 mail.test ESMTP\r\n\r\n'));
    expect((await stage.get()).error).toMatchObject({ name: 'TransferFault', word: 'not_s3' });
    await vi.waitFor(() => expect(stage.sockets[0]?.destroyed).toBe(true), PATIENCE);
  });

  it('ends an aborted request with its reason, in any phase', async () => {
    const reason = new Error('enough');
    await using stage = await createStage((socket, request) => {
      if (request > 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody');
    });
    const atStart = await stage.get({ onRequestStart: (controller) => controller.abort(reason) });
    expect([atStart.error, stage.heads.length]).toEqual([reason, 0]);
    const started: Dispatcher.DispatchController[] = [];
    const waiting = stage.get({ onRequestStart: (controller) => void started.push(controller) });
    await vi.waitFor(() => expect(stage.heads).toHaveLength(1), PATIENCE);
    started[0]!.abort(reason);
    expect((await waiting).error).toBe(reason);
    const reading = await stage.get({ onResponseData: (controller) => controller.abort(reason) });
    expect([reading.error, reading.body.toString()]).toEqual([reason, 'body']);
    await vi.waitFor(() => expect(stage.sockets.every(({ destroyed }) => destroyed)).toBe(true), PATIENCE);
  });

  it('limits the time to connect, TLS included', async () => {
    // A server that takes the connection, and says nothing of TLS.
    await using stage = await createStage(() => undefined);
    const got = stage.get({}, { origin: `https://127.0.0.1:${stage.port}` });
    await vi.waitFor(() => expect(stage.sockets).toHaveLength(1), PATIENCE);
    await stage.clock.advance(CONNECT_TIMEOUT_MS);
    expect((await got).error).toMatchObject({ name: 'TransferFault', word: 'connect_timeout' });
  });

  it('ends all requests when destroyed, and starts no more', async () => {
    await using stage = await createStage(() => undefined);
    const waiting = stage.get();
    await vi.waitFor(() => expect(stage.heads).toHaveLength(1), PATIENCE);
    stage.agent.destroy();
    expect((await waiting).error).toMatchObject({ word: 'connection_closed' });
    expect((await stage.get()).error).toMatchObject({ message: 'the client is closed' });
    expect(stage.sockets).toHaveLength(1);
  });
});
