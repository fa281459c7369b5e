import { Readable } from 'node:stream';
import { UndiciHttpHandler } from '@smithy/undici-http-handler';
import { Agent, type Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import { dispatchDirect, type Dispatch } from './direct-body.ts';
import { boundErrorBody } from './error-body.ts';
import { GetAgent } from './get-agent.ts';
import type { ConnectionSettings } from './open-socket.ts';
import { WatchTimer } from './watch-timer.ts';
import type { RequestWatch } from './request-watch.ts';

/** Bodies are written to the socket in pieces of this size, to detect progress on a slow uplink. */
const SLICE_BYTES = 64 * 1024;

/** The SDK's `send` passes these to the handler unchanged. */
export interface WatchedOptions {
  readonly abortSignal: AbortSignal;
  readonly watch: RequestWatch;
  /** Deliver the response body as a `DirectBody`. @default false */
  readonly isDirect?: boolean;
}

export interface HttpSettings extends ConnectionSettings {
  /** Who reads objects. undici is for tests, and to find out whether our reader is at fault. @default 'own' */
  readonly reader?: 'own' | 'undici';
  /** The most connections at once; further requests wait for one. @default unlimited */
  readonly connectionsMax?: number;
}

type HttpRequest = Parameters<UndiciHttpHandler['handle']>[0];
type HttpResponse = ReturnType<UndiciHttpHandler['handle']>;
type HandleOptions = NonNullable<Parameters<UndiciHttpHandler['handle']>[1]> &
  Partial<Pick<WatchedOptions, 'watch' | 'isDirect'>>;

/**
 * The SDK's undici handler with a `RequestWatch` around each request. Objects are read over our own connections;
 * everything else uses undici's.
 */
export class WatchedHttpHandler {
  readonly #agent: Agent;
  readonly #getAgent: GetAgent;
  readonly #usesOwn: boolean;
  readonly #timer: WatchTimer;
  readonly metadata = { handlerProtocol: 'http/1.1' };

  constructor(
    { connectTimeoutMs, certificates, reader = 'own', connectionsMax = Number.POSITIVE_INFINITY }: HttpSettings,
    clock: Clock,
  ) {
    // undici's timeouts are off, because the watch has one for each phase.
    const connect = { timeout: connectTimeoutMs, ...(certificates === null ? {} : { ca: certificates }) };
    const connections = Number.isFinite(connectionsMax) ? connectionsMax : null;
    // One request per connection, as with S3 itself: over HTTP/2, which some proxies offer, all would share one.
    this.#agent = new Agent({ connect, connections, allowH2: false, headersTimeout: 0, bodyTimeout: 0 });
    this.#getAgent = new GetAgent({ connectTimeoutMs, certificates, clock });
    this.#usesOwn = reader === 'own';
    this.#timer = new WatchTimer(clock);
  }

  async handle(request: HttpRequest, options: HandleOptions = {}): HttpResponse {
    const { watch, abortSignal, isDirect = false } = options;
    const agent = this.#usesOwn && isDirect && request.method === 'GET' ? this.#getAgent : this.#agent;
    const dispatch: Dispatch = (target, handler) => {
      const bounded = boundErrorBody(handler);
      if (watch === undefined) return agent.dispatch(target, bounded);
      const watched = watchHandler(bounded, { watch, timer: this.#timer });
      return agent.dispatch({ ...target, body: sliceBody(target.body) }, watched);
    };
    if (isDirect && abortSignal instanceof AbortSignal) {
      const { release } = this.#getAgent;
      return await dispatchDirect(dispatch, request, { signal: abortSignal, release });
    }
    const dispatcher = this.#agent.compose(() => dispatch);
    return await new UndiciHttpHandler({ dispatcher }).handle(
      request,
      abortSignal === undefined ? {} : { abortSignal },
    );
  }

  updateHttpClientConfig(): void {
    // The SDK must not reconfigure the handler: every limit is set once, in the constructor.
  }

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  destroy(): void {
    void this.#agent.destroy();
    this.#getAgent.destroy();
  }
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
  const end = (): void => {
    watch.enter('done');
    timer.remove(watch);
  };
  return {
    onRequestStart: (controller, context) => {
      watch.start((fault) => controller.abort(fault));
      timer.add(watch);
      watched = new WatchedController(controller, watch);
      handler.onRequestStart?.(watched, context);
    },
    onBodySent: () => watch.enter('sending'),
    onRequestSent: () => watch.enter('waiting'),
    onResponseStart: (controller, statusCode, headers, statusMessage) => {
      isError = statusCode >= 300;
      watch.enter(statusCode < 200 ? 'waiting' : 'receiving');
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
