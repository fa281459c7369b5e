import type { HttpRequest, HttpResponse } from '@smithy/core/protocols';
import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import { TransferFault } from '../retry/transfer-fault.ts';
import { dispatchDirect, type Dispatch, type Release } from './direct-body.ts';
import { boundErrorBody } from './error-body.ts';
import { HttpAgent } from './http-agent.ts';
import type { ConnectionSettings } from './open-socket.ts';
import { UndiciAgent } from './undici-agent.ts';
import { WatchTimer } from './watch-timer.ts';
import type { RequestWatch } from './request-watch.ts';

/** The most responses of status 1xx to one request. Stores send at most one. */
const INTERIM_RESPONSES_MAX = 32;

/** The SDK's `send` passes these to the handler unchanged. */
export interface WatchedOptions {
  readonly abortSignal: AbortSignal;
  readonly watch: RequestWatch;
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
}

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
  readonly metadata = { handlerProtocol: 'http/1.1' };

  constructor(
    { connectTimeoutMs, certificates, reader = 'own', connectionsMax = Infinity, findProxy = noProxy }: HttpSettings,
    clock: Clock,
  ) {
    const options = { connectTimeoutMs, certificates, connectionsMax, clock };
    this.#agent = reader === 'own' ? new HttpAgent(options) : new UndiciAgent(options);
    this.#timer = new WatchTimer(clock);
    this.#findProxy = findProxy;
    this.#openAgent = (proxy) => new UndiciAgent({ ...options, proxy });
  }

  async handle(request: HttpRequest, { watch, abortSignal }: HandleOptions = {}): Promise<{ response: HttpResponse }> {
    const { dispatch, release } = this.#agentOf(request);
    const watched: Dispatch = (target, handler) => {
      const bounded = boundErrorBody(handler);
      return dispatch(target, watch === undefined ? bounded : watchHandler(bounded, { watch, timer: this.#timer }));
    };
    const signal = abortSignal instanceof AbortSignal ? abortSignal : null;
    return await dispatchDirect(watched, request, { signal, release });
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

type DispatchHandler = Dispatcher.DispatchHandler;

/** Reports every phase to `watch`, and forwards every call to `handler`. */
function watchHandler(
  handler: DispatchHandler,
  { watch, timer }: { readonly watch: RequestWatch; readonly timer: WatchTimer },
): DispatchHandler {
  // Created once per request, because a large body arrives in thousands of chunks.
  let watched: Dispatcher.DispatchController | null = null;
  // All of an error's body has to arrive within the stall timeout, pauses included, because a trickle would never end.
  let isError = false;
  const watchOnce = (controller: Dispatcher.DispatchController): Dispatcher.DispatchController =>
    isError ? controller : (watched ??= new WatchedController(controller, watch));
  let interimLeft = INTERIM_RESPONSES_MAX;
  let starts = 0;
  const end = (): void => {
    watch.enter('done');
    timer.remove(watch);
  };
  return {
    onRequestStart: (controller, context) => {
      starts += 1;
      if (starts > 1) watch.noteSentAgain();
      watch.start((fault) => controller.abort(fault));
      timer.add(watch);
      watched = new WatchedController(controller, watch);
      handler.onRequestStart?.(watched, context);
    },
    onBodySent: () => watch.enter('sending'),
    onRequestSent: () => watch.enter('waiting'),
    onResponseStart: (controller, statusCode, headers, statusMessage) => {
      if (statusCode < 200) {
        // Not progress: a server could otherwise keep the request waiting for ever.
        interimLeft -= 1;
        if (interimLeft < 0) controller.abort(new TransferFault('not_s3', 'interim responses without an end'));
        return;
      }
      isError = statusCode >= 300;
      watch.enter('receiving');
      handler.onResponseStart?.(watchOnce(controller), statusCode, headers, statusMessage);
    },
    onResponseData: (controller, chunk) => {
      if (!isError) watch.enter('receiving');
      handler.onResponseData?.(watchOnce(controller), chunk);
    },
    onResponseEnd: (controller, trailers) => {
      end();
      handler.onResponseEnd?.(controller, trailers);
    },
    onResponseError: (controller, error) => {
      end();
      handler.onResponseError?.(controller, error);
    },
  };
}

/** Reports our pauses to `watch`, because they are not a stall. */
class WatchedController implements Dispatcher.DispatchController {
  readonly #controller: Dispatcher.DispatchController;
  readonly #watch: RequestWatch;

  constructor(controller: Dispatcher.DispatchController, watch: RequestWatch) {
    this.#controller = controller;
    this.#watch = watch;
  }

  get aborted(): boolean {
    return this.#controller.aborted;
  }

  get paused(): boolean {
    return this.#controller.paused;
  }

  get reason(): Error | null {
    return this.#controller.reason;
  }

  get rawHeaders() {
    return this.#controller.rawHeaders ?? null;
  }

  get rawTrailers() {
    return this.#controller.rawTrailers ?? null;
  }

  abort(reason: Error): void {
    this.#controller.abort(reason);
  }

  pause(): void {
    this.#watch.enter('paused');
    this.#controller.pause();
  }

  resume(): void {
    this.#watch.enter('receiving');
    this.#controller.resume();
  }
}
