import { Readable } from 'node:stream';
import { UndiciHttpHandler } from '@smithy/undici-http-handler';
import { Agent, type Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import { dispatchDirect, type Dispatch } from './direct-body.ts';
import { ReadAgent } from './get-agent.ts';
import { RequestRounds } from './watch-timer.ts';
import type { RequestWatch } from './request-watch.ts';

/** Bodies are handed to the socket in pieces of this size, so that a slow uplink shows its progress. */
const SLICE_BYTES = 64 * 1024;

export interface ConnectionSettings {
  /** Name look-up, TCP and TLS together, in ms. @default 5000 */
  readonly connectTimeoutMs: number;
  /** Certificate authorities in PEM that are trusted instead of those that Node knows; null for those. */
  readonly certificates: string | null;
}

/** What an attempt passes to the SDK's `send`, which hands it on to the handler untouched. */
export interface WatchedOptions {
  readonly abortSignal: AbortSignal;
  readonly watch: RequestWatch;
  /** The response's body comes as a `DirectBody`. @default false */
  readonly isDirect?: boolean;
}

type HttpRequest = Parameters<UndiciHttpHandler['handle']>[0];
type HttpResponse = ReturnType<UndiciHttpHandler['handle']>;
type HandleOptions = NonNullable<Parameters<UndiciHttpHandler['handle']>[1]> &
  Partial<Pick<WatchedOptions, 'watch' | 'isDirect'>>;

/**
 * The SDK's undici handler with one `RequestWatch` around each request. Objects are read over connections of our own, all else
 * over those of undici.
 */
export class WatchedHttpHandler {
  readonly #agent: Agent;
  readonly #readAgent: ReadAgent;
  readonly #rounds: RequestRounds;
  readonly metadata = { handlerProtocol: 'http/1.1' };

  constructor({ connectTimeoutMs, certificates }: ConnectionSettings, clock: Clock) {
    // Its timeouts are off: the watch has them, with the phases told apart.
    const connect = { timeout: connectTimeoutMs, ...(certificates === null ? {} : { ca: certificates }) };
    // One request a connection, as S3 itself has it: over HTTP/2, which some proxies offer, all would share a single one.
    this.#agent = new Agent({ connect, allowH2: false, headersTimeout: 0, bodyTimeout: 0 });
    this.#readAgent = new ReadAgent({ connectTimeoutMs, certificates, clock });
    this.#rounds = new RequestRounds(clock);
  }

  async handle(request: HttpRequest, options: HandleOptions = {}): HttpResponse {
    const { watch, abortSignal, isDirect = false } = options;
    const agent = isDirect && request.method === 'GET' ? this.#readAgent : this.#agent;
    const dispatch: Dispatch = (target, handler) =>
      watch === undefined
        ? agent.dispatch(target, handler)
        : agent.dispatch(
            { ...target, body: sliceBody(target.body) },
            watchHandler(handler, { watch, rounds: this.#rounds }),
          );
    if (isDirect && abortSignal instanceof AbortSignal) {
      const { release } = this.#readAgent;
      return await dispatchDirect(dispatch, request, { signal: abortSignal, release });
    }
    const dispatcher = this.#agent.compose(() => dispatch);
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
    this.#readAgent.destroy();
  }
}

type DispatchHandler = Dispatcher.DispatchHandler;

interface Watching {
  readonly watch: RequestWatch;
  readonly rounds: RequestRounds;
}

/** Tells `watch` of every phase on the way to `handler`. */
function watchHandler(handler: DispatchHandler, { watch, rounds }: Watching): DispatchHandler {
  // Made once a request: a large body comes in thousands of chunks.
  let watched: Dispatcher.DispatchController | null = null;
  const watchOnce = (controller: Dispatcher.DispatchController): Dispatcher.DispatchController =>
    (watched ??= new WatchedController(controller, watch));
  const end = (): void => {
    watch.enter('done');
    rounds.remove(watch);
  };
  return {
    onRequestStart: (controller, context) => {
      watch.start((fault) => controller.abort(fault));
      rounds.add(watch);
      watched = new WatchedController(controller, watch);
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
      end();
      handler.onResponseEnd?.(controller, trailers);
    },
    onResponseError: (controller, error) => {
      end();
      handler.onResponseError?.(controller, error);
    },
  };
}

/** Tells `watch` of pauses: those are ours. */
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
