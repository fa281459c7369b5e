import type { Dispatcher } from 'undici';
import { TransferFault } from '../retry/transfer-fault.ts';
import { ResponseParser } from './response-parser.ts';

/** What a request needs of its connection. */
export interface ReadChannel {
  readonly write: (head: string) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  /** The response is whole; another request may follow for so long, 0 for none. */
  readonly finish: (reusableForMs: number) => void;
  readonly destroy: () => void;
  /** One more has a part of the memory of this chunk. */
  readonly retain: (chunk: Uint8Array) => void;
  readonly release: (chunks: readonly Uint8Array[]) => void;
}

/** One request without a body and its response, from the connection to undici's interface for handlers. */
export class ReadRequest implements Dispatcher.DispatchController {
  readonly #head: string;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #parser = new ResponseParser();
  #channel: ReadChannel | null = null;
  #reason: Error | null = null;
  #isPaused = false;
  #isOver = false;
  #isReading = false;
  /** What has come and is not read: TLS hands on what it has deciphered, also when nothing more is wanted. */
  readonly #waiting: Buffer[] = [];
  /** The connection has ended behind what waits. */
  #closed: { readonly error: Error | null } | null = null;

  constructor(target: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
    this.#head = formatHead(target);
    this.#handler = handler;
  }

  get aborted(): boolean {
    return this.#reason !== null;
  }

  get paused(): boolean {
    return this.#isPaused;
  }

  get reason(): Error | null {
    return this.#reason;
  }

  /** Sends it, unless it was aborted meanwhile. */
  begin(channel: ReadChannel): void {
    this.#handler.onRequestStart?.(this, null);
    if (this.#isOver) {
      channel.destroy();
      return;
    }
    this.#channel = channel;
    channel.write(this.#head);
    this.#handler.onRequestSent?.();
  }

  /** Takes what has come, to release it. @returns whether more is wanted now */
  take(chunk: Buffer): boolean {
    this.#waiting.push(chunk);
    this.#read();
    return !this.#isPaused;
  }

  /** The connection has ended, or could not be had. */
  close(error: Error | null): void {
    this.#closed = { error };
    this.#read();
  }

  abort(reason: Error): void {
    if (this.#isOver) return;
    this.#reason = reason;
    this.#fail(reason);
  }

  pause(): void {
    if (this.#isOver || this.#isPaused) return;
    this.#isPaused = true;
    this.#channel?.pause();
  }

  resume(): void {
    if (this.#isOver || !this.#isPaused) return;
    this.#isPaused = false;
    this.#read();
    if (!this.#isPaused && !this.#isOver) this.#channel?.resume();
  }

  #read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (this.#readEvent());
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error('the answer cannot be read', { cause: error }));
    } finally {
      this.#isReading = false;
    }
    if (this.#isOver) this.#channel?.release(this.#waiting.splice(0));
    else if (!this.#isPaused && this.#closed !== null) this.#settle(this.#closed.error);
  }

  /** Each event may pause or abort. @returns whether there may be another */
  #readEvent(): boolean {
    const [chunk] = this.#waiting;
    if (chunk === undefined || this.#isPaused || this.#isOver) return false;
    const { event, used } = this.#parser.next(chunk);
    const rest = chunk.subarray(used);
    this.#waiting[0] = rest;
    if (event === null) {
      this.#waiting.shift();
      this.#channel?.release([chunk]);
    } else if (event.kind === 'head') {
      this.#handler.onResponseStart?.(this, event.status, event.headers, '');
    } else if (event.kind === 'body') {
      this.#channel?.retain(event.bytes);
      this.#handler.onResponseData?.(this, event.bytes);
    } else {
      const isClean = rest.length === 0 && this.#waiting.length === 1;
      this.#end(isClean ? event.reusableForMs : 0);
    }
    return true;
  }

  #settle(error: Error | null): void {
    if (error === null && this.#parser.close()) this.#end(0);
    else this.#fail(error ?? this.#describeCut());
  }

  #end(reusableForMs: number): void {
    this.#isOver = true;
    this.#handler.onResponseEnd?.(this, {});
    this.#channel?.finish(reusableForMs);
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#channel?.destroy();
    this.#handler.onResponseError?.(this, error);
  }

  #describeCut(): TransferFault {
    return this.#parser.isAnswered
      ? new TransferFault('body_cut', 'the connection ended within the body')
      : new TransferFault('connection_closed', 'the connection ended before the answer');
  }
}

function formatHead({ method, path, headers }: Dispatcher.DispatchOptions): string {
  const fields = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${String(value)}`);
  const lines = [`${method} ${path} HTTP/1.1`, ...fields, 'connection: keep-alive'];
  // Nothing of ours has a line break; whatever has one would be read as something else.
  if (lines.some((line) => /[\r\n\0]/.test(line))) throw new TypeError('a line break within a request');
  return `${lines.join('\r\n')}\r\n\r\n`;
}
