import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

/** Handles a chunk. A promise pauses the body until it settles; `enough` stops reading. */
export type TakeChunk = (chunk: Uint8Array) => Promise<void> | 'more' | 'enough';

const NOT_NEEDED = 'the rest of the body is not needed';

/** Frees the memory of chunks for reuse. */
export type Release = (chunks: readonly Uint8Array[]) => void;

interface BodyOptions {
  readonly release: Release;
  readonly endsWithConnection: boolean;
  /** What has arrived before, in memory of its own; null for nothing. */
  readonly early: Uint8Array | null;
}

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
  #early: Uint8Array | null;
  #take: TakeChunk | null = null;
  #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | null = null;
  #outcome: { readonly error: unknown } | 'open' | 'ended' = 'open';

  constructor(controller: Dispatcher.DispatchController, options: BodyOptions) {
    super();
    const { release, endsWithConnection, early } = options;
    this.#controller = controller;
    this.#early = early;
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
    const reply = this.#takeEarly(take);
    if (reply === 'enough') {
      this.end();
      this.#controller.abort(new Error(NOT_NEEDED));
      return;
    }
    if (reply !== 'more') await reply;
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
      this.#controller.abort(new Error(NOT_NEEDED));
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
    // A full stream calls again once it is read.
    if (this.#takeEarly((chunk) => (this.push(chunk) ? 'more' : 'enough')) === 'enough') return;
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

  #takeEarly(take: TakeChunk): ReturnType<TakeChunk> {
    const early = this.#early;
    this.#early = null;
    return early === null || early.byteLength === 0 ? 'more' : take(early);
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

export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('the body was cut off', { cause: thrown });
}
