import { buildQueryString, type HttpRequest, type HttpResponse } from '@smithy/core/protocols';
import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import type { Release } from './direct-body.ts';
import { HttpAgent } from './http-agent.ts';
import type { ConnectionSettings } from './open-socket.ts';
import { ResponseReceiver } from './response-receiver.ts';
import { SharedMemory } from './shared-memory.ts';
import { UndiciAgent } from './undici-agent.ts';
import { WatchTimer } from './watch-timer.ts';
import type { RequestWatch } from './request-watch.ts';

/** The SDK's `send` passes these to the handler unchanged. */
export interface WatchedOptions {
  readonly abortSignal: AbortSignal;
  readonly watch: RequestWatch;
  /**
   * The body of a response with status 200 is a `Uint8Array`, whose bytes stay as they are (its memory is
   * shared, so it cannot be transferred), if it has at most this many
   * bytes and does not end with the connection. A body that is cut off is an error of its request then, unless its length
   * was unknown. Every other body is a `DirectBody`. @default never
   */
  readonly wholeBytesMax?: number;
}

export interface HttpSettings extends ConnectionSettings {
  /** What sends requests. undici is for tests, and to find out whether our connections are at fault. @default 'own' */
  readonly reader?: 'own' | 'undici';
  /** The proxy for requests to an origin; null for none. @default none @throws BreakwaterError `config` */
  readonly findProxy?: (origin: URL) => URL | null;
  /** The most connections at once; further requests wait for one. @default unlimited */
  readonly connectionsMax?: number;
}

interface HandleOptions {
  readonly abortSignal?: unknown;
  readonly watch?: RequestWatch;
  readonly wholeBytesMax?: number;
}

type Dispatch = (target: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => boolean;

/** Sends requests over connections that it keeps. */
export interface RequestAgent {
  readonly dispatch: Dispatch;
  /** Frees chunks of response bodies. */
  readonly release: Release;
  destroy(): void;
}

/** The SDK's HTTP handler, with a `RequestWatch` around each request. */
export class WatchedHttpHandler {
  readonly #agent: RequestAgent;
  readonly #findProxy: (origin: URL) => URL | null;
  readonly #openAgent: (proxy: URL) => RequestAgent;
  /** By origin. */
  readonly #agents = new Map<string, RequestAgent>();
  readonly #timer: WatchTimer;
  readonly #memory = new SharedMemory();
  readonly metadata = { handlerProtocol: 'http/1.1' };

  constructor(
    {
      connectTimeoutMs,
      certificates,
      lookup,
      reader = 'own',
      connectionsMax = Infinity,
      findProxy = noProxy,
    }: HttpSettings,
    clock: Clock,
  ) {
    const options = {
      connectTimeoutMs,
      certificates,
      connectionsMax,
      clock,
      ...(lookup === undefined ? {} : { lookup }),
    };
    this.#agent = reader === 'own' ? new HttpAgent(options) : new UndiciAgent(options);
    this.#timer = new WatchTimer(clock);
    this.#findProxy = findProxy;
    this.#openAgent = (proxy) => new UndiciAgent({ ...options, proxy });
  }

  /** Sends a request. @returns the response, once its head has arrived, or its whole body where that is asked for */
  async handle(request: HttpRequest, options: HandleOptions = {}): Promise<{ response: HttpResponse }> {
    const { watch = null, abortSignal, wholeBytesMax = 0 } = options;
    const { dispatch, release } = this.#agentOf(request);
    const signal = abortSignal instanceof AbortSignal ? abortSignal : null;
    const timer = this.#timer;
    const memory = this.#memory;
    return await new Promise((resolve, reject) => {
      const receiver = new ResponseReceiver(
        { signal, watch, timer, release, memory, wholeBytesMax },
        { resolve, reject },
      );
      dispatch(toTarget(request), receiver);
    });
  }

  /** Our own connections step aside where a proxy applies. */
  #agentOf({ protocol, hostname, port }: HttpRequest): RequestAgent {
    const origin = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
    const known = this.#agents.get(origin);
    if (known !== undefined) return known;
    const proxy = this.#findProxy(new URL(origin));
    const agent = proxy === null ? this.#agent : this.#openAgent(proxy);
    this.#agents.set(origin, agent);
    return agent;
  }

  updateHttpClientConfig(): void {
    // The SDK must not reconfigure the handler: every limit is set once, in the constructor.
  }

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  destroy(): void {
    for (const agent of new Set([this.#agent, ...this.#agents.values()])) agent.destroy();
  }
}

function noProxy(): null {
  return null;
}

function toTarget(request: HttpRequest): Dispatcher.DispatchOptions {
  const { protocol, hostname, port, method, body, path } = request;
  const query = buildQueryString(request.query ?? {});
  return {
    origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
    path: query === '' ? path : `${path}?${query}`,
    method,
    // Not signed, because proxies rewrite it. Bytes that one compresses on the way would be stored compressed.
    headers: { 'accept-encoding': 'identity', ...request.headers },
    body: body ?? null,
    idempotent: isRepeatable(request),
  };
}

/**
 * Whether sending the request a second time changes nothing. Of the requests that S3 takes as POST, only the one that
 * deletes objects is (API reference, DeleteObjects): an upload would be created twice, and completing one again fails
 * on some stores.
 */
function isRepeatable({ method, query }: HttpRequest): boolean {
  return method !== 'POST' || 'delete' in (query ?? {});
}
