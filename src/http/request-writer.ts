import type { Dispatcher } from 'undici';
import { formatHead } from './request-head.ts';

/** Bodies are written in pieces of this size, to detect progress on a slow uplink, and an answer that comes early. */
const SLICE_BYTES = 64 * 1024;

/** From this size on, the server is asked before the body is sent; the SDK's size for its own HTTP handler. */
const ASK_BYTES_MIN = 2 * 1024 * 1024;

/** How long to wait for the permission to send a body, in ms; curl's time. Then the body is sent without it. */
const PERMISSION_MS = 1000;

const ASK = 'expect: 100-continue\r\n';
const END_OF_HEAD = '\r\n';

/** A request in the form in which it is written. */
export interface RequestBytes {
  readonly method: string;
  /** Without the line break that ends it. */
  readonly head: string;
  readonly body: Uint8Array;
}

/** @throws TypeError if the request cannot be written */
export function formatRequest(target: Dispatcher.DispatchOptions): RequestBytes {
  const body = toBytes(target.body);
  return { method: target.method, head: formatHead(target, body.byteLength), body };
}

/** Where a request is written to. */
export interface WriteChannel {
  /** Whether the server is known, or has yet to be seen, to answer `Expect: 100-continue`. */
  readonly mayAsk: boolean;
  /** Call when the server does not answer it. */
  readonly stopAsking: () => void;
  /** `onWritten` is called when the system has taken the bytes, and never after a failure. */
  readonly write: (bytes: { readonly head: string; readonly body: Uint8Array }, onWritten: () => void) => void;
  /** Calls `fn` after this time, unless disposed. */
  readonly after: (ms: number, fn: () => void) => Disposable;
}

/** What is reported while a request is written. */
export interface WriteProgress {
  readonly onBytes: (body: Uint8Array) => void;
  readonly onSent: () => void;
}

/**
 * Writes one request. A large body waits for `100 Continue` (RFC 9110, section 10.1.1), so that a server that refuses
 * the request from its head alone can say so. Between two pieces the connection is read, so that an early answer ends
 * the writing.
 */
export class RequestWriter {
  readonly #request: RequestBytes;
  readonly #channel: WriteChannel;
  readonly #progress: WriteProgress;
  #sentBytes = 0;
  #phase: 'asking' | 'sending' | 'sent' | 'stopped' = 'sending';
  #hasAsked = false;
  #patience: Disposable | null = null;

  constructor(request: RequestBytes, channel: WriteChannel, progress: WriteProgress) {
    this.#request = request;
    this.#channel = channel;
    this.#progress = progress;
  }

  /** The system has taken the whole request. */
  get isSent(): boolean {
    return this.#phase === 'sent';
  }

  /** The request has the field `Expect`, whether or not its body still waits for the server's permission. */
  get hasAsked(): boolean {
    return this.#hasAsked;
  }

  start(): void {
    const { head, body } = this.#request;
    if (body.byteLength < ASK_BYTES_MIN || !this.#channel.mayAsk) {
      this.#write(`${head}${END_OF_HEAD}`);
      return;
    }
    this.#phase = 'asking';
    this.#hasAsked = true;
    this.#channel.write({ head: `${head}${ASK}${END_OF_HEAD}`, body: body.subarray(0, 0) }, () => undefined);
    this.#patience = this.#channel.after(PERMISSION_MS, () => {
      // Each further body would wait as long.
      this.#channel.stopAsking();
      this.proceed();
    });
  }

  /** Call when the server has permitted the body. */
  proceed(): void {
    if (this.#phase !== 'asking') return;
    this.#patience?.[Symbol.dispose]();
    this.#phase = 'sending';
    this.#write('');
  }

  /** Writes nothing more. */
  stop(): void {
    this.#patience?.[Symbol.dispose]();
    if (this.#phase !== 'sent') this.#phase = 'stopped';
  }

  #write(head: string): void {
    if (this.#phase !== 'sending') return;
    const piece = this.#request.body.subarray(this.#sentBytes, this.#sentBytes + SLICE_BYTES);
    this.#sentBytes += piece.byteLength;
    const isLast = this.#sentBytes === this.#request.body.byteLength;
    this.#channel.write({ head, body: piece }, () => {
      if (piece.byteLength > 0) this.#progress.onBytes(piece);
      // One turn of the event loop, in which the connection is read.
      if (!isLast) setImmediate(() => this.#write(''));
      else if (this.#phase === 'sending') this.#end();
    });
  }

  #end(): void {
    this.#phase = 'sent';
    this.#progress.onSent();
  }
}

function toBytes(body: Dispatcher.DispatchOptions['body']): Uint8Array {
  if (body === null || body === undefined) return new Uint8Array();
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  throw new TypeError('a body that cannot be sent again');
}
