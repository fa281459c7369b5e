import { Readable } from 'node:stream';
import { buildQueryString, HttpResponse } from '@smithy/core/protocols';
import type { UndiciHttpHandler } from '@smithy/undici-http-handler';
import type { Dispatcher } from 'undici';

type HttpRequest = Parameters<UndiciHttpHandler['handle']>[0];

/** Takes a chunk; a promise asks for a pause until it settles, `enough` for no more. */
export type TakeChunk = (chunk: Uint8Array) => Promise<void> | 'more' | 'enough';

/** Lets go of chunks whose memory may be used again. */
type Release = (chunks: readonly Uint8Array[]) => void;

/**
 * The body of a response, handed on chunk by chunk as it comes off the socket: a Node stream in between costs more than
 * half of the rate. The SDK wants a stream, and reads the body of an error as one.
 */
export class DirectBody extends Readable {
  readonly #controller: Dispatcher.DispatchController;
  /** Lets go of chunks that `drain` has handed on, once each, when nobody needs them any more. */
  readonly release: Release;
  #take: TakeChunk | null = null;
  #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | null = null;
  #outcome: { readonly error: unknown } | 'open' | 'ended' = 'open';

  constructor(controller: Dispatcher.DispatchController, release: Release) {
    super();
    this.#controller = controller;
    this.release = release;
    controller.pause();
  }

  /** It has come to its end, or has broken off: nothing is left of it. */
  get isOver(): boolean {
    return this.#outcome !== 'open';
  }

  /** Reads to the end, or until `take` has had enough. Rejects with what broke the body, or with what `take` threw. */
  async drain(take: TakeChunk): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#take = take;
      this.#settle = { resolve, reject };
      if (this.#outcome === 'open') this.#controller.resume();
      else this.#close();
    });
  }

  /** From the dispatcher: the next chunk. */
  receive(chunk: Uint8Array): void {
    if (this.#outcome !== 'open') return;
    if (this.#take === null) {
      if (!this.push(chunk)) this.#controller.pause();
      return;
    }
    const wish = this.#take(chunk);
    if (wish === 'more') return;
    if (wish === 'enough') {
      this.end();
      this.#controller.abort(new Error('no more of it is wanted'));
      return;
    }
    this.#controller.pause();
    wish.then(
      () => this.#controller.resume(),
      (error: unknown) => this.#controller.abort(toError(error)),
    );
  }

  /** From the dispatcher: the body has ended as it should. */
  end(): void {
    if (this.#outcome !== 'open') return;
    this.#outcome = 'ended';
    this.#close();
  }

  /** From the dispatcher: the body broke off. */
  fail(error: unknown): void {
    if (this.#outcome !== 'open') return;
    this.#outcome = { error };
    this.#close();
  }

  override _read(): void {
    if (this.#outcome === 'open') this.#controller.resume();
    else this.#close();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#outcome === 'open') {
      this.#outcome = { error };
      this.#controller.abort(error ?? new Error('the body is not wanted'));
    }
    callback(error);
  }

  /** Tells whoever reads, by promise or as a stream, how it ended. */
  #close(): void {
    const error = typeof this.#outcome === 'object' ? this.#outcome.error : null;
    if (this.#settle !== null) {
      if (error === null) this.#settle.resolve();
      else this.#settle.reject(error);
    } else if (error === null) {
      this.push(null);
    } else if (this.listenerCount('error') > 0) {
      this.destroy(toError(error));
    }
  }
}

/** Reads a body to its end, or until `take` has had enough: that of the HTTP handler, or any stream of bytes. */
export async function readBody(body: Readable, take: TakeChunk): Promise<void> {
  if (body instanceof DirectBody) {
    await body.drain(take);
    return;
  }
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) throw new Error('the SDK gave a body that is not bytes');
    const wish = take(chunk);
    if (wish === 'enough') return;
    if (wish !== 'more') await wish;
  }
}

export type Dispatch = (target: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => boolean;

/** Sends a request, and answers as soon as the head of the response has come, with a `DirectBody`. */
export async function dispatchDirect(
  dispatch: Dispatch,
  request: HttpRequest,
  { signal, release }: { readonly signal: AbortSignal; readonly release: Release },
): Promise<{ response: HttpResponse }> {
  const { protocol, hostname, port, headers, method, body } = request;
  const query = buildQueryString(request.query ?? {});
  const target: Dispatcher.DispatchOptions = {
    origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
    path: query === '' ? request.path : `${request.path}?${query}`,
    method,
    headers,
    body: body ?? null,
  };
  return await new Promise((resolve, reject) => {
    dispatch(target, receiveDirect({ signal, release, resolve, reject }));
  });
}

interface Receiver {
  readonly signal: AbortSignal;
  readonly release: Release;
  readonly resolve: (reply: { response: HttpResponse }) => void;
  readonly reject: (error: unknown) => void;
}

function receiveDirect({ signal, release, resolve, reject }: Receiver): Dispatcher.DispatchHandler {
  let body: DirectBody | null = null;
  let abort = reject;
  const onAbort = (): void => abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const detach = (): void => signal.removeEventListener('abort', onAbort);
  return {
    onRequestStart: (controller) => {
      abort = (reason) => controller.abort(toError(reason));
      if (signal.aborted) onAbort();
    },
    onResponseStart: (controller, statusCode, headers) => {
      if (statusCode < 200) return;
      body = new DirectBody(controller, release);
      resolve({ response: new HttpResponse({ statusCode, headers: joinHeaders(headers), body }) });
    },
    onResponseData: (_controller, chunk) => body?.receive(chunk),
    onResponseEnd: () => {
      detach();
      body?.end();
    },
    onResponseError: (_controller, error) => {
      detach();
      if (body === null) reject(error);
      else body.fail(error);
    },
  };
}

function joinHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value = ''] of Object.entries(headers)) {
    joined[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return joined;
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('the body broke off', { cause: thrown });
}
