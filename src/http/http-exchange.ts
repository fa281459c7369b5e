import type { Dispatcher } from 'undici';
import { TransferFault } from '../retry/transfer-fault.ts';
import type { HttpChannel } from './http-channel.ts';
import { formatRequest, RequestWriter, type RequestBytes, type WriteProgress } from './request-writer.ts';
import { ResponseParser, type ResponseEvent } from './response-parser.ts';

const NOTHING: Buffer = Buffer.alloc(0);
const CONTINUE = 100;
const REQUEST_TIMEOUT = 408;
const EXPECTATION_FAILED = 417;

/** A request and its response, passed from a connection to an undici handler. */
export class HttpExchange implements Dispatcher.DispatchController, WriteProgress {
  readonly #request: RequestBytes;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #sendAgain: () => void;
  /** It can be sent again without an effect of its own: a kept connection may end while the request is on its way. */
  readonly isRepeatable: boolean;
  #parser: ResponseParser;
  #channel: HttpChannel | null = null;
  #writer: RequestWriter | null = null;
  #reason: Error | null = null;
  #isPaused = false;
  #isOver = false;
  #isReading = false;
  #isStarted = false;
  #hasBytes = false;
  #wasRepeated = false;
  /** Whether the first bytes wait for the turn in which the system tells that the request was sent. */
  #hold: 'none' | 'holds' | 'over' = 'none';
  /** Arrived but not read: TLS passes on decrypted bytes even while paused. */
  readonly #waiting: Buffer[] = [];
  /** Set when the connection has ended after the waiting bytes. */
  #closed: { readonly error: Error | null } | null = null;

  /**
   * @param sendAgain sends this exchange on a new connection
   * @throws TypeError if the request cannot be written
   */
  constructor(target: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler, sendAgain: () => void) {
    this.#request = formatRequest(target);
    this.#handler = handler;
    this.#sendAgain = sendAgain;
    this.isRepeatable = target.idempotent ?? target.method !== 'POST';
    this.#parser = new ResponseParser(this.#request.method);
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
  begin(channel: HttpChannel): void {
    if (!this.#isStarted) this.#handler.onRequestStart?.(this, null);
    this.#isStarted = true;
    if (this.#isOver) {
      channel.destroy();
      return;
    }
    this.#channel = channel;
    this.#writer = new RequestWriter(this.#request, channel, this);
    this.#writer.start();
  }

  onBytes(bytes: Uint8Array): void {
    this.#handler.onBodySent?.(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  onSent(): void {
    this.#handler.onRequestSent?.();
  }

  /**
   * Passes on and releases the bytes that have arrived, until the handler pauses or the response ends.
   * @param chunk newly arrived bytes
   * @returns whether to keep reading
   */
  read(chunk?: Buffer): boolean {
    if (chunk !== undefined) {
      this.#hasBytes = true;
      this.#waiting.push(chunk);
      if (this.#holds()) return !this.#isPaused;
    }
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
      // What precedes the status line may be the rest of another response.
      if (this.#parser.isAnswered || !this.#repeat()) {
        this.#fail(error instanceof Error ? error : new Error('the response cannot be read', { cause: error }));
      }
    } finally {
      this.#isReading = false;
    }
    if (this.#isOver) this.#channel?.release(this.#waiting.splice(0));
    else if (!this.#isPaused && this.#closed !== null) this.#settle(this.#closed.error);
    return !this.#isPaused;
  }

  /**
   * Over TLS, Node tells that bytes were sent at the end of the turn, by `setImmediate`. On a busy machine the response is there
   * before that, and looks like one to a request that was not sent.
   */
  #holds(): boolean {
    if (this.#hold === 'none' && this.#writer?.isSent === false) {
      this.#hold = 'holds';
      setImmediate(() => {
        this.#hold = 'over';
        this.read();
      });
    }
    return this.#hold === 'holds';
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
      this.#noteHead(event);
    } else {
      this.#end(event.reusableForMs);
    }
  }

  #noteHead({ status, headers }: Extract<ResponseEvent, { kind: 'head' }>): void {
    const writer = this.#writer;
    if (status === CONTINUE) writer?.proceed();
    // Also after a `100 Continue`, which may be a proxy's (RFC 9110, section 10.1.1).
    if (status === EXPECTATION_FAILED && writer?.hasAsked === true) {
      this.#channel?.stopAsking();
      this.#restart();
      return;
    }
    // It ends an idle connection, and may have crossed our request (RFC 9110, section 15.5.9).
    if (status === REQUEST_TIMEOUT && this.#repeat()) return;
    if (status >= 200 && writer?.isSent === false) {
      // S3 cannot have stored what it has not received: the response may belong to another request.
      if (status < 300 && this.#repeat()) return;
      writer.stop();
      if (status < 300) throw new TransferFault('not_s3', 'a success was reported before the request was sent');
    }
    this.#handler.onResponseStart?.(this, status, headers, '');
    if (this.#isOver || status < 200) return;
    // A response without a body ends now, even if nobody reads it.
    const { event } = this.#parser.next(NOTHING);
    if (event?.kind === 'end') this.#end(event.reusableForMs);
  }

  #settle(error: Error | null): void {
    if (error === null && this.#parser.close()) this.#end(0);
    else if (this.#hasBytes || !this.#repeat()) this.#fail(error ?? this.#cutError());
  }

  /** Sends the request once more if its connection was a kept one. No failed attempt (RFC 9112, section 9.3.1). */
  #repeat(): boolean {
    if (this.#isOver || this.#wasRepeated || !this.isRepeatable || this.#channel?.isReused !== true) return false;
    this.#wasRepeated = true;
    // The handler sees a second start, because the first request may have had its effect.
    this.#isStarted = false;
    this.#restart();
    return true;
  }

  #restart(): void {
    const channel = this.#channel;
    this.#writer?.stop();
    channel?.release(this.#waiting.splice(0));
    channel?.abandon();
    this.#channel = null;
    this.#writer = null;
    this.#closed = null;
    this.#hasBytes = false;
    this.#hold = 'none';
    this.#parser = new ResponseParser(this.#request.method);
    this.#sendAgain();
  }

  #end(reusableForMs: number): void {
    this.#isOver = true;
    // Nothing keeps the connection from being read while it is idle.
    this.#isPaused = false;
    const rest = this.#waiting.find(({ length }) => length > 0) ?? NOTHING;
    this.#handler.onResponseEnd?.(this, {});
    this.#channel?.finish(this.#writer?.isSent === true ? reusableForMs : 0, rest);
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#writer?.stop();
    this.#channel?.destroy();
    this.#handler.onResponseError?.(this, error);
  }

  #cutError(): TransferFault {
    return this.#parser.isAnswered
      ? new TransferFault('body_cut', 'the connection closed before the end of the body')
      : new TransferFault('connection_closed', 'the connection closed before the response');
  }
}
