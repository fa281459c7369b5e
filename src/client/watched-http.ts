import { Readable } from 'node:stream';
import { UndiciHttpHandler } from '@smithy/undici-http-handler';
import { Agent, type Dispatcher } from 'undici';
import { dispatchDirect, type Dispatch } from './download-body.ts';
import type { RequestWatch } from './request-watch.ts';

/** Bodies are handed to the socket in pieces of this size, so that a slow uplink shows its progress. */
const SLICE_BYTES = 64 * 1024;

export interface ConnectionSettings {
  /** Name look-up, TCP and TLS together, in ms. @default 5000 */
  readonly connectTimeoutMs: number;
}

/** What an attempt passes to the SDK's `send`, which hands it on to the handler untouched. */
export interface WatchedOptions {
  readonly abortSignal: AbortSignal;
  readonly watch: RequestWatch;
  /** The answer's body comes as a `DirectBody`. @default false */
  readonly isDirect?: boolean;
}

type HttpRequest = Parameters<UndiciHttpHandler['handle']>[0];
type HttpResponse = ReturnType<UndiciHttpHandler['handle']>;
type HandleOptions = NonNullable<Parameters<UndiciHttpHandler['handle']>[1]> &
  Partial<Pick<WatchedOptions, 'watch' | 'isDirect'>>;

/** The SDK's undici handler with one `RequestWatch` around each request, and one connection pool under all. */
export class WatchedHttpHandler {
  readonly #agent: Agent;
  readonly metadata = { handlerProtocol: 'http/1.1' };

  constructor({ connectTimeoutMs }: ConnectionSettings) {
    // Its timeouts are off: the watch has them, with the phases told apart.
    this.#agent = new Agent({ connect: { timeout: connectTimeoutMs }, headersTimeout: 0, bodyTimeout: 0 });
  }

  async handle(request: HttpRequest, options: HandleOptions = {}): HttpResponse {
    const { watch, abortSignal, isDirect = false } = options;
    if (isDirect && watch !== undefined && abortSignal instanceof AbortSignal) {
      const dispatch: Dispatch = (target, handler) => dispatchWatched(this.#agent, { target, handler, watch });
      return await dispatchDirect(dispatch, request, abortSignal);
    }
    const dispatcher = watch === undefined ? this.#agent : this.#agent.compose(watchDispatch(watch));
    return await new UndiciHttpHandler({ dispatcher }).handle(
      request,
      abortSignal === undefined ? {} : { abortSignal },
    );
  }

  updateHttpClientConfig(): void {
    // Nothing may be reconfigured behind our back: every limit is set once, in code.
  }

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  destroy(): void {
    void this.#agent.destroy();
  }
}

type DispatchHandler = Dispatcher.DispatchHandler;

/** An undici interceptor: dispatch in, dispatch out, with `watch` told of every phase. */
function watchDispatch(watch: RequestWatch): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (target, handler) => dispatchWatched({ dispatch }, { target, handler, watch });
}

function dispatchWatched(
  dispatcher: Pick<Dispatcher, 'dispatch'>,
  request: {
    readonly target: Dispatcher.DispatchOptions;
    readonly handler: DispatchHandler;
    readonly watch: RequestWatch;
  },
): boolean {
  const { target, handler, watch } = request;
  return dispatcher.dispatch({ ...target, body: sliceBody(target.body) }, watchHandler(handler, watch));
}

function watchHandler(handler: DispatchHandler, watch: RequestWatch): DispatchHandler {
  // Made once a request: a large body comes in thousands of chunks.
  let watched: Dispatcher.DispatchController | null = null;
  const watchOnce = (controller: Dispatcher.DispatchController): Dispatcher.DispatchController =>
    (watched ??= watchPauses(controller, watch));
  return {
    onRequestStart: (controller, context) => {
      watch.start((fault) => controller.abort(fault));
      watched = watchPauses(controller, watch);
      handler.onRequestStart?.(watched, context);
    },
    onBodySent: () => watch.enter('sending'),
    onRequestSent: () => watch.enter('waiting'),
    onResponseStart: (controller, statusCode, headers, statusMessage) => {
      watch.enter(statusCode < 200 ? 'waiting' : 'receiving');
      handler.onResponseStart?.(watchOnce(controller), statusCode, headers, statusMessage);
    },
    onResponseData: (controller, chunk) => {
      watch.enter('receiving');
      handler.onResponseData?.(watchOnce(controller), chunk);
    },
    onResponseEnd: (controller, trailers) => {
      watch.enter('done');
      handler.onResponseEnd?.(controller, trailers);
    },
    onResponseError: (controller, error) => {
      watch.enter('done');
      handler.onResponseError?.(controller, error);
    },
  };
}

function watchPauses(controller: Dispatcher.DispatchController, watch: RequestWatch): Dispatcher.DispatchController {
  return {
    get aborted() {
      return controller.aborted;
    },
    get paused() {
      return controller.paused;
    },
    get reason() {
      return controller.reason;
    },
    get rawHeaders() {
      return controller.rawHeaders ?? null;
    },
    get rawTrailers() {
      return controller.rawTrailers ?? null;
    },
    abort: (reason) => controller.abort(reason),
    pause: () => {
      watch.enter('paused');
      controller.pause();
    },
    resume: () => {
      watch.enter('receiving');
      controller.resume();
    },
  };
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
