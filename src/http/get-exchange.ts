import type { Dispatcher } from 'undici';
import { TransferFault } from '../retry/transfer-fault.ts';
import { ResponseParser, type ResponseEvent } from './response-parser.ts';

/** What a request needs from its connection. */
export interface GetChannel {
  readonly write: (head: string) => void;
  readonly pause: () => void;
  readonly resume: () => void;
  /** The response is complete; another request may follow within this time, 0 for none. */
  readonly finish: (reusableForMs: number) => void;
  readonly destroy: () => void;
  /** The memory of this chunk has one more user. */
  readonly retain: (chunk: Uint8Array) => void;
  readonly release: (chunks: readonly Uint8Array[]) => void;
}

/** One request without a body and its response, passed from a connection to a handler of undici. */
export class GetExchange implements Dispatcher.DispatchController {
  readonly #head: string;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #parser = new ResponseParser();
  #channel: GetChannel | null = null;
  #reason: Error | null = null;
  #isPaused = false;
  #isOver = false;
  #isReading = false;
  /** Arrived but not read yet: TLS passes on what it has decrypted even while paused. */
  readonly #waiting: Buffer[] = [];
  /** The connection has ended after what is waiting. */
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
   * Passes on what has arrived, until the handler pauses or the response ends, and releases it.
   * @param chunk what has just arrived
   * @returns whether more is wanted now
   */
  read(chunk?: Buffer): boolean {
    if (chunk !== undefined) this.#waiting.push(chunk);
    // The handler resumed from within its own call: the loop below continues.
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

  /** The connection has ended, or could not be opened. */
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
      ? new TransferFault('body_cut', 'the connection ended within the body')
      : new TransferFault('connection_closed', 'the connection ended before the response');
  }
}

function formatHead({ method, path, headers }: Dispatcher.DispatchOptions): string {
  const fields = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${String(value)}`);
  const lines = [`${method} ${path} HTTP/1.1`, ...fields, 'connection: keep-alive'];
  // A line break would let a value add headers of its own.
  if (lines.some((line) => /[\r\n\0]/.test(line))) throw new TypeError('a line break within a request');
  return `${lines.join('\r\n')}\r\n\r\n`;
}
