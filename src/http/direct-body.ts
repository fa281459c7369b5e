import { Readable } from 'node:stream';
import { buildQueryString, HttpResponse, type HttpRequest } from '@smithy/core/protocols';
import type { Dispatcher } from 'undici';
import { onAbort } from '../abort.ts';

/** Handles a chunk. A promise pauses the body until it settles; `enough` stops reading. */
export type TakeChunk = (chunk: Uint8Array) => Promise<void> | 'more' | 'enough';

/** Frees the memory of chunks for reuse. */
export type Release = (chunks: readonly Uint8Array[]) => void;

/**
 * A response body that passes on each chunk as it is read from the socket: a Node stream in between costs more than
 * half of the throughput. It still is a stream, because the SDK reads error bodies as streams.
 */
export class DirectBody extends Readable {
  readonly #controller: Dispatcher.DispatchController;
  /** Frees chunks from `drain`; call it once for each. */
  readonly release: Release;
  /** Only the end of the connection marks its end (RFC 9112, section 6.3), so a cut looks like the end. */
  readonly endsWithConnection: boolean;
  #take: TakeChunk | null = null;
  #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | null = null;
  #outcome: { readonly error: unknown } | 'open' | 'ended' = 'open';

  constructor(
    controller: Dispatcher.DispatchController,
    { release, endsWithConnection = false }: { readonly release: Release; readonly endsWithConnection?: boolean },
  ) {
    super();
    this.#controller = controller;
    this.release = release;
    this.endsWithConnection = endsWithConnection;
    controller.pause();
  }

  /** The body has ended or was cut off. */
  get isOver(): boolean {
    return this.#outcome !== 'open';
  }

  /** Reads to the end, or until `take` returns `enough`. Rejects with the error of the body or of `take`. */
  async drain(take: TakeChunk): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#take = take;
      this.#settle = { resolve, reject };
      if (this.#outcome === 'open') this.#controller.resume();
      else this.#close();
    });
  }

  /** Called by the dispatcher with the next chunk. */
  readonly receive = (_controller: Dispatcher.DispatchController, chunk: Uint8Array): void => {
    if (this.#outcome !== 'open') return;
    if (this.#take === null) {
      // A copy, because the reader of a stream does not free memory.
      const isFull = !this.push(Buffer.from(chunk));
      this.release([chunk]);
      if (isFull) this.#controller.pause();
      return;
    }
    const reply = this.#take(chunk);
    if (reply === 'more') return;
    if (reply === 'enough') {
      this.end();
      this.#controller.abort(new Error('the rest of the body is not needed'));
      return;
    }
    this.#controller.pause();
    reply.then(
      () => this.#controller.resume(),
      (error: unknown) => this.#controller.abort(toError(error)),
    );
  };

  /** Called by the dispatcher when the body is complete. */
  end(): void {
    if (this.#outcome !== 'open') return;
    this.#outcome = 'ended';
    this.#close();
  }

  /** Called by the dispatcher when the body is cut off. */
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
      this.#controller.abort(error ?? new Error('the body is not needed'));
    }
    callback(error);
  }

  /** Reports the outcome to the reader, through its promise or the stream. */
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

/** Reads a `DirectBody` or any other stream of bytes to its end, or until `take` returns `enough`. */
export async function readBody(body: Readable, take: TakeChunk): Promise<void> {
  if (body instanceof DirectBody) {
    await body.drain(take);
    return;
  }
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) throw new Error('the SDK returned a body that is not bytes');
    const reply = take(chunk);
    if (reply === 'enough') return;
    if (reply !== 'more') await reply;
  }
}

export type Dispatch = (target: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => boolean;

/** Sends a request. @returns the response with a `DirectBody`, once its head has arrived */
export async function dispatchDirect(
  dispatch: Dispatch,
  request: HttpRequest,
  { signal, release }: { readonly signal: AbortSignal | null; readonly release: Release },
): Promise<{ response: HttpResponse }> {
  const { protocol, hostname, port, method, body } = request;
  const query = buildQueryString(request.query ?? {});
  const target: Dispatcher.DispatchOptions = {
    origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
    path: query === '' ? request.path : `${request.path}?${query}`,
    method,
    // Not signed, because proxies rewrite it. Bytes that one compresses on the way would be stored compressed.
    headers: { 'accept-encoding': 'identity', ...request.headers },
    body: body ?? null,
    idempotent: isRepeatable(request),
  };
  return await new Promise((resolve, reject) => {
    dispatch(target, receiveDirect({ signal, release, resolve, reject }));
  });
}

/**
 * Whether sending the request a second time changes nothing. Of the requests that S3 takes as POST, only the one that
 * deletes objects is (API reference, DeleteObjects): an upload would be created twice, and completing one again fails
 * on some stores.
 */
function isRepeatable({ method, query }: HttpRequest): boolean {
  return method !== 'POST' || 'delete' in (query ?? {});
}

interface Receiver {
  readonly signal: AbortSignal | null;
  readonly release: Release;
  readonly resolve: (reply: { response: HttpResponse }) => void;
  readonly reject: (error: unknown) => void;
}

function receiveDirect({ signal, release, resolve, reject }: Receiver): Dispatcher.DispatchHandler {
  let body: DirectBody | null = null;
  let abort = reject;
  const listening = signal === null ? null : onAbort(signal, (reason) => abort(reason));
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: (controller) => {
      abort = (reason) => controller.abort(toError(reason));
      if (signal?.aborted === true) abort(signal.reason);
    },
    onResponseStart: (controller, statusCode, headers) => {
      if (statusCode < 200) return;
      const endsWithConnection = headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
      body = new DirectBody(controller, { release, endsWithConnection });
      handler.onResponseData = body.receive;
      resolve({ response: new HttpResponse({ statusCode, headers: joinHeaders(headers), body }) });
    },
    onResponseEnd: () => {
      listening?.[Symbol.dispose]();
      body?.end();
    },
    onResponseError: (_controller, error) => {
      listening?.[Symbol.dispose]();
      if (body === null) reject(error);
      else body.fail(error);
    },
  };
  return handler;
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
  return thrown instanceof Error ? thrown : new Error('the body was cut off', { cause: thrown });
}
