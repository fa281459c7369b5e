import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { HttpRequest } from '@smithy/core/protocols';
import { readBody } from '../../src/http/direct-body.ts';
import { WatchedHttpHandler } from '../../src/http/http-handler.ts';
import { RequestWatch } from '../../src/http/request-watch.ts';
import type { Certificate } from './certificate.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface RawRequest {
  readonly method: string;
  readonly head: string;
  /** From 1. */
  readonly connection: number;
  /** On this connection, from 1. */
  readonly number: number;
  /** Of the body, so far. */
  readonly bodyBytes: number;
}

export interface RawServer {
  /** A whole request has arrived. */
  readonly serve: (socket: Socket, request: RawRequest) => void;
  /** The head of a request has arrived; false stops the reading of its connection. */
  readonly atHead?: (socket: Socket, request: RawRequest) => boolean;
}

export interface Answer {
  readonly status: number | null;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly error: unknown;
  /** Sent a second time, on a new connection. */
  readonly wasSentAgain: boolean;
  /** The body came as one piece. */
  readonly isWhole: boolean;
}

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** What sends the requests: our own connections, and undici. */
export const AGENTS = ['own', 'undici'] as const;

interface HttpStageOptions {
  readonly agent?: (typeof AGENTS)[number];
  readonly connectionsMax?: number;
  /** Speaks TLS. */
  readonly certificate?: Certificate | null;
}

/** A server of bytes, and the program's HTTP handler that asks it. */
export async function createHttpStage({ serve, atHead }: RawServer, options: HttpStageOptions = {}) {
  const { agent = 'own', connectionsMax = Infinity, certificate = null } = options;
  const sockets: Socket[] = [];
  const seen: RawRequest[] = [];
  const accept = (socket: Socket): void => {
    const connection = sockets.push(socket);
    socket.on('error', () => undefined);
    let number = 0;
    let bytes = Buffer.alloc(0);
    let head: string | null = null;
    let bodyBytes = 0;
    socket.on('data', (chunk) => {
      for (bytes = Buffer.concat([bytes, chunk]); ;) {
        if (head === null) {
          const end = bytes.indexOf('\r\n\r\n');
          if (end === -1) return;
          head = bytes.toString('latin1', 0, end);
          bytes = bytes.subarray(end + 4);
          bodyBytes = 0;
          number += 1;
          const [method = ''] = head.split(' ');
          const request = { method, head, connection, number, bodyBytes: 0 };
          seen.push(request);
          if (atHead?.(socket, request) === false) {
            socket.pause().removeAllListeners('data');
            return;
          }
        }
        const left = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0) - bodyBytes;
        bodyBytes += Math.min(left, bytes.length);
        const isWhole = bytes.length >= left;
        bytes = bytes.subarray(Math.min(left, bytes.length));
        const request = { ...seen.findLast((one) => one.connection === connection)!, bodyBytes };
        seen[seen.findLastIndex((one) => one.connection === connection)] = request;
        if (!isWhole) return;
        head = null;
        serve(socket, request);
      }
    });
  };
  const server = certificate === null ? createServer(accept) : createTlsServer(certificate, accept);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clock = new VirtualClock();
  const settings = { connectTimeoutMs: 5000, certificates: certificate?.cert.toString() ?? null };
  const handler = new WatchedHttpHandler({ ...settings, reader: agent, connectionsMax }, clock);
  const ask = async (
    method: string,
    {
      body,
      query = {},
      wholeBytesMax = 0,
    }: {
      readonly body?: string | Uint8Array;
      readonly query?: Record<string, string>;
      readonly wholeBytesMax?: number;
    } = {},
  ): Promise<Answer> => {
    const watch = new RequestWatch(clock, { requestTimeoutMs: 60_000, stallTimeoutMs: 30_000 });
    const request = new HttpRequest({
      protocol: certificate === null ? 'http:' : 'https:',
      hostname: '127.0.0.1',
      port,
      path: '/bucket/key',
      method,
      query,
      headers: { host: `127.0.0.1:${port}` },
      body,
    });
    let status: number | null = null;
    let headers: Record<string, string> = {};
    const chunks: Buffer[] = [];
    let isWhole = false;
    const facts = () => ({ wasSentAgain: watch.wasSentAgain, isWhole });
    try {
      const { signal: abortSignal } = new AbortController();
      const { response } = await handler.handle(request, { watch, abortSignal, wholeBytesMax });
      status = response.statusCode;
      ({ headers } = response);
      isWhole = response.body instanceof Uint8Array;
      if (response.body instanceof Uint8Array) chunks.push(Buffer.from(response.body));
      else {
        await readBody(response.body, (chunk) => {
          chunks.push(Buffer.from(chunk));
          return 'more';
        });
      }
      return { status, headers, body: Buffer.concat(chunks).toString(), error: null, ...facts() };
    } catch (error) {
      return { status, headers, body: Buffer.concat(chunks).toString(), error, ...facts() };
    } finally {
      // Only then does undici use the connection again.
      for (let turns = 0; turns < 3; turns += 1) {
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
    }
  };
  return {
    ask,
    clock,
    seen,
    sockets,
    [Symbol.asyncDispose]: async () => {
      handler.destroy();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
