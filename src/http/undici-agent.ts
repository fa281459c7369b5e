import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { readFields } from '../read-fields.ts';
import { readAfterWriteError } from './answer-after-write-error.ts';
import { proxyError } from './proxy-error.ts';
import { TransferFault } from '../retry/transfer-fault.ts';
import { openSocket, type ConnectionSettings, type SocketOptions, type TlsSession } from './open-socket.ts';

/** Bodies are written to the socket in pieces of this size, to detect progress on a slow uplink. */
const SLICE_BYTES = 64 * 1024;

interface UndiciAgentOptions extends Pick<SocketOptions, 'clock' | keyof ConnectionSettings> {
  /** The most connections at once; further requests wait for one. */
  readonly connectionsMax: number;
  /** Sends everything through it. @default none */
  readonly proxy?: URL;
}

/** What a kept connection that has ended reports to its request. */
const ENDS: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

interface Agents {
  /** Keeps connections. */
  readonly keeping: Dispatcher;
  /** Opens a new connection for each request; through a proxy only if it tunnels. */
  readonly fresh: Dispatcher;
}

/**
 * Sends requests with undici, to the same rules as `HttpAgent`, but for what undici cannot do: it neither asks before it
 * sends a large body, nor ignores a `100 Continue` that it did not request.
 */
export class UndiciAgent {
  readonly #options: UndiciAgentOptions;
  /** How many bytes had arrived on a connection before the error that ended it. */
  readonly #bytesBefore = new WeakMap<Error, number>();
  readonly #tlsSessions = new Map<string, TlsSession>();
  #agents: Promise<Agents> | null = null;

  constructor(options: UndiciAgentOptions) {
    this.#options = options;
  }

  readonly dispatch = (target: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean => {
    void this.#send(target, handler);
    return true;
  };

  /** Nothing to free: undici allocates memory for each chunk. */
  readonly release = (): void => undefined;

  destroy(): void {
    void this.#agents?.then(async ({ keeping, fresh }) => await Promise.all([keeping.destroy(), fresh.destroy()]));
  }

  async #send(target: Dispatcher.DispatchOptions, given: Dispatcher.DispatchHandler): Promise<void> {
    const { keeping, fresh } = await (this.#agents ??= this.#load());
    const request = { ...target, headers: withoutExpect(target.headers) };
    const { proxy } = this.#options;
    const handler = proxy === undefined ? given : nameProxy(given, proxy);
    const send = (agent: Dispatcher, on: Dispatcher.DispatchHandler): boolean =>
      agent.dispatch({ ...request, body: sliceBody(target.body) }, on);
    if (target.idempotent !== true) send(fresh, handler);
    else
      send(
        keeping,
        this.#orElse(handler, () => send(fresh, handler)),
      );
  }

  /** Calls `sendAgain` instead of reporting that a kept connection has ended before the response. */
  #orElse(handler: Dispatcher.DispatchHandler, sendAgain: () => void): Dispatcher.DispatchHandler {
    let isAnswered = false;
    return withReports(handler, {
      onAnswer: () => {
        isAnswered = true;
      },
      onError: (error, report) => {
        if (readFields(error)['code'] === 'ERR_ASSERTION') {
          // undici does not expect a status below 100.
          report(new TransferFault('not_s3', 'the status is not one of HTTP', { cause: error }));
        } else if (isAnswered || !this.#isEndOfKept(error)) report(error);
        else sendAgain();
      },
    });
  }

  #isEndOfKept(error: Error): boolean {
    const { code, socket } = readFields(error);
    const bytes = this.#bytesBefore.get(error) ?? readFields(socket)['bytesRead'];
    return ENDS.has(code) && typeof bytes === 'number' && bytes > 0;
  }

  async #load(): Promise<Agents> {
    // Seldom needed, and slow to load.
    const undici = await import('undici');
    // The timeouts are off, because the watch has one for each phase. One request per connection, as with S3 itself:
    // over HTTP/2, which some proxies offer, all would share one.
    const { connectionsMax, proxy } = this.#options;
    const connections = Number.isFinite(connectionsMax) ? connectionsMax : null;
    const options = { connections, allowH2: false, headersTimeout: 0, bodyTimeout: 0 };
    if (proxy === undefined) {
      const own = { ...options, connect: this.#connect };
      return { keeping: new undici.Agent(own), fresh: new undici.Agent({ ...own, pipelining: 0 }) };
    }
    const { connectTimeoutMs, certificates, lookup } = this.#options;
    const tls = {
      timeout: connectTimeoutMs,
      ...(certificates === null ? {} : { ca: certificates }),
      ...(lookup === undefined ? {} : { lookup }),
    };
    const proxied = (more: { readonly pipelining?: number }): Dispatcher =>
      new undici.ProxyAgent({
        ...options,
        ...more,
        uri: proxy.href,
        requestTls: tls,
        // With it, undici would speak TLS to a proxy of SOCKS.
        ...(isSocks(proxy) ? {} : { proxyTls: tls }),
        // Opens tunnels: a proxy that does not answer is no connection.
        clientFactory: (origin, given) =>
          new undici.Pool(origin, Object.assign({}, given, { headersTimeout: connectTimeoutMs })),
        // Without it, plain requests would use a pool with the defaults.
        factory: (origin, given) =>
          new undici.Pool(origin, Object.assign({}, given, options, more, this.#watchConnections(given))),
      });
    return { keeping: proxied({}), fresh: proxied({ pipelining: 0 }) };
  }

  /** Connections of a proxy are treated like our own. */
  #watchConnections({ connect }: { readonly connect?: unknown }): { connect?: Connect } {
    if (typeof connect !== 'function') return {};
    // The function that undici's `ProxyAgent` gives to its pools.
    const open = connect as Connect;
    return {
      connect: (target, callback) =>
        open(target, (...result) => {
          // Undefined after an error.
          if (result[1] instanceof Object) this.#watch(result[1]);
          callback(...result);
        }),
    };
  }

  #watch(socket: Socket): void {
    readAfterWriteError(socket, this.#options.clock);
    this.#noteBytes(socket);
  }

  #noteBytes(socket: Socket): void {
    socket.on('error', (error) => this.#bytesBefore.set(error, socket.bytesRead));
  }

  readonly #connect = (target: ConnectTarget, callback: ConnectCallback): void => void this.#open(target, callback);

  async #open({ protocol, host = '', hostname }: ConnectTarget, callback: ConnectCallback): Promise<void> {
    const origin = new URL(`${protocol}//${host === '' ? hostname : host}`);
    const tlsSession = this.#tlsSessions.get(origin.host) ?? { ticket: undefined };
    this.#tlsSessions.set(origin.host, tlsSession);
    const { signal } = new AbortController();
    let socket: Socket;
    try {
      socket = await openSocket(origin, { ...this.#options, tlsSession, signal, onread: null });
    } catch (error) {
      callback(error instanceof Error ? error : new Error('no connection', { cause: error }), null);
      return;
    }
    this.#noteBytes(socket);
    callback(null, socket);
  }
}

function isSocks({ protocol }: URL): boolean {
  return protocol.startsWith('socks');
}

/** Adds the proxy to what is reported of a request. */
function nameProxy(handler: Dispatcher.DispatchHandler, proxy: URL): Dispatcher.DispatchHandler {
  return withReports(handler, { onError: (error, report) => report(proxyError(error, proxy)) });
}

interface Reports {
  /** The head of a response has arrived. */
  readonly onAnswer?: () => void;
  /** Decides what `report` tells the handler of an error, if anything. */
  readonly onError: (error: Error, report: (error: Error) => void) => void;
}

/** Forwards every call to `handler`, errors by way of `onError`. */
function withReports(handler: Dispatcher.DispatchHandler, { onAnswer, onError }: Reports): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onBodySent: (chunk) => handler.onBodySent?.(chunk),
    onRequestSent: () => handler.onRequestSent?.(),
    onResponseStart: (controller, status, headers, message) => {
      onAnswer?.();
      handler.onResponseStart?.(controller, status, headers, message);
    },
    onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
    onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
    onResponseError: (controller, error) => onError(error, (told) => handler.onResponseError?.(controller, told)),
  };
}

interface ConnectTarget {
  readonly protocol: string;
  readonly host?: string;
  readonly hostname: string;
}

type ConnectCallback = (...result: [null, Socket] | [Error, null]) => void;

type Connect = (target: ConnectTarget, callback: ConnectCallback) => void;

function withoutExpect(headers: Dispatcher.DispatchOptions['headers']) {
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => name.toLowerCase() !== 'expect'));
}

type Body = NonNullable<Dispatcher.DispatchOptions['body']> | null;

function sliceBody(body: Body | undefined): Body {
  if (!(body instanceof Uint8Array) || body.byteLength <= SLICE_BYTES) return body ?? null;
  return Readable.from(sliceBytes(body));
}

function* sliceBytes(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += SLICE_BYTES) {
    yield bytes.subarray(start, start + SLICE_BYTES);
  }
}
