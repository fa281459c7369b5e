import type { Dispatcher } from 'undici';
import { TransferFault } from '../retry/transfer-fault.ts';
import { ResponseParser, type ResponseEvent } from './response-parser.ts';

/** A connection, as its request sees it. */
export interface GetChannel {
  readonly write: (head: string) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Call when the response is complete. Another request may follow within this time; 0 for none. */
  readonly finish: (reusableForMs: number) => void;
  readonly destroy: () => void;
  /** Adds a user to the memory of this chunk. */
  readonly retain: (chunk: Uint8Array) => void;
  readonly release: (chunks: readonly Uint8Array[]) => void;
}

/** A bodiless request and its response, passed from a connection to an undici handler. */
export class GetExchange implements Dispatcher.DispatchController {
  readonly #head: string;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #parser = new ResponseParser();
  #channel: GetChannel | null = null;
  #reason: Error | null = null;
  #isPaused = false;
  #isOver = false;
  #isReading = false;
  /** Arrived but not read yet: TLS passes on decrypted bytes even while paused. */
  readonly #waiting: Buffer[] = [];
  /** Set when the connection has ended after the waiting bytes. */
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

  /** Sends the request, unless it was aborted meanwhile. */
  begin(channel: GetChannel): void {
    this.#handler.onRequestStart?.(this, null);
    if (this.#isOver) {
      channel.destroy();
      return;
    }
    this.#channel = channel;
    channel.write(this.#head);
    this.#handler.onRequestSent?.();
  }

  /**
   * Passes on and releases the bytes that have arrived, until the handler pauses or the response ends.
   * @param chunk newly arrived bytes
   * @returns whether to keep reading
   */
  read(chunk?: Buffer): boolean {
    if (chunk !== undefined) this.#waiting.push(chunk);
    // The handler resumed within its own call; the outer loop continues.
    if (this.#isReading) return !this.#isPaused;
    this.#isReading = true;
    try {
      for (let [next] = this.#waiting; next !== undefined && !this.#isPaused && !this.#isOver; [next] = this.#waiting) {
        const { event, used } = this.#parser.next(next);
        this.#waiting[0] = next.subarray(used);
        if (event?.kind !== 'body') this.#note(event, next);
        else {
          this.#channel?.retain(event.bytes);
          this.#handler.onResponseData?.(this, event.bytes);
        }
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error('the response cannot be read', { cause: error }));
    } finally {
      this.#isReading = false;
    }
    if (this.#isOver) this.#channel?.release(this.#waiting.splice(0));
    else if (!this.#isPaused && this.#closed !== null) this.#settle(this.#closed.error);
    return !this.#isPaused;
  }

  /** Call when the connection has ended, or could not be opened. */
  close(error: Error | null): void {
    this.#closed = { error };
    this.read();
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
    this.read();
    if (!this.#isPaused && !this.#isOver) this.#channel?.resume();
  }

  #note(event: Exclude<ResponseEvent, { kind: 'body' }> | null, chunk: Buffer): void {
    if (event === null) {
      this.#waiting.shift();
      this.#channel?.release([chunk]);
    } else if (event.kind === 'head') {
      this.#handler.onResponseStart?.(this, event.status, event.headers, '');
    } else {
      const isClean = this.#waiting.length === 1 && this.#waiting[0]?.length === 0;
      this.#end(isClean ? event.reusableForMs : 0);
    }
  }

  #settle(error: Error | null): void {
    if (error === null && this.#parser.close()) this.#end(0);
    else this.#fail(error ?? this.#cutError());
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

  #cutError(): TransferFault {
    return this.#parser.isAnswered
      ? new TransferFault('body_cut', 'the connection closed before the end of the body')
      : new TransferFault('connection_closed', 'the connection closed before the response');
  }
}

function formatHead({ method, path, headers }: Dispatcher.DispatchOptions): string {
  const fields = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${String(value)}`);
  const lines = [`${method} ${path} HTTP/1.1`, ...fields, 'connection: keep-alive'];
  // A line break in a value would inject headers.
  if (lines.some((line) => /[\r\n\0]/.test(line))) throw new TypeError('a line break within a request');
  return `${lines.join('\r\n')}\r\n\r\n`;
}
