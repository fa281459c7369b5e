import type { Socket } from 'node:net';
import { after } from '../abort.ts';
import { openSocket, type SocketOptions } from './open-socket.ts';
import type { PooledReads, BufferPool } from './buffer-pool.ts';
import type { HttpChannel } from './http-channel.ts';
import type { HttpExchange } from './http-exchange.ts';

/** What is known of a server, from all connections to it. */
export interface ServerManners {
  /** It answers `Expect: 100-continue`, as far as known. */
  answersExpect: boolean;
  /** It has sent no response that nobody had requested, as far as known. */
  keepsCount: boolean;
}

export interface HttpConnectionOptions extends Omit<SocketOptions, 'onread' | 'signal'> {
  readonly memory: BufferPool;
  readonly manners: ServerManners;
  /** Called when the connection can take another request, within this time. */
  readonly onIdle: (reusableForMs: number) => void;
  /** Called once, with the first byte that it receives. */
  readonly onAnswered: () => void;
  /** Called once, also if it could not be opened: by the other side, or here. */
  readonly onClosed: (how: { readonly isByPeer: boolean }) => void;
}

/** A body up to this size is copied behind its head. */
const JOINED_BYTES_MAX = 16 * 1024;

/** A connection for requests, one at a time, and what each of them sees of it. It reads into reused memory. */
export class HttpConnection implements HttpChannel {
  readonly #options: HttpConnectionOptions;
  readonly #reads: PooledReads;
  readonly #end = new AbortController();
  readonly #opening: Promise<Socket>;
  #socket: Socket | null = null;
  #exchange: HttpExchange | null = null;
  /** The request that is sent now is the first. */
  #isNew = true;
  #hasAnswered = false;
  #isEndedHere = false;
  readonly retain: (chunk: Uint8Array) => void;
  readonly release: (chunks: readonly Uint8Array[]) => void;

  constructor(origin: URL, options: HttpConnectionOptions) {
    this.#options = options;
    this.#reads = options.memory.openReads();
    this.retain = options.memory.retain;
    this.release = options.memory.release;
    this.#opening = this.#open(origin);
    // Handled by `open`; this avoids an unhandled rejection.
    this.#opening.catch(() => undefined);
  }

  /** Sends the first request once the connection is open; every failure goes to the request's handler. */
  async open(exchange: HttpExchange): Promise<void> {
    try {
      await this.#opening;
      this.#begin(exchange);
    } catch (error) {
      exchange.close(toError(error));
    }
  }

  /** Sends another request, on a connection that `isOpen`. */
  send(exchange: HttpExchange): void {
    this.#isNew = false;
    try {
      this.#begin(exchange);
    } catch (error) {
      exchange.close(toError(error));
    }
  }

  #begin(exchange: HttpExchange): void {
    this.#socket?.ref();
    this.#exchange = exchange;
    exchange.begin(this);
  }

  /** Another request can still be sent. */
  get isOpen(): boolean {
    return this.#socket?.writable === true;
  }

  /** It has received something. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  get isReused(): boolean {
    return !this.#isNew;
  }

  get mayAsk(): boolean {
    return this.#options.manners.answersExpect;
  }

  stopAsking(): void {
    this.#options.manners.answersExpect = false;
  }

  write(bytes: { readonly head: string; readonly body: Uint8Array }, onWritten: () => void): void {
    if (this.#socket !== null) writeAll(this.#socket, bytes, onWritten);
  }

  after(ms: number, fn: () => void): Disposable {
    return after(this.#options.clock, ms, fn);
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  finish(reusableForMs: number, rest: Buffer): void {
    this.#exchange = null;
    this.#reads.rest();
    if (rest.length > 0) this.#condemn(rest);
    else if (reusableForMs === 0 || !this.#options.manners.keepsCount) this.destroy();
    else {
      // While idle, it must notice the end of the connection, but not keep the process alive.
      this.#socket?.resume().unref();
      this.#options.onIdle(reusableForMs);
    }
  }

  /** Also while it is being opened. */
  destroy(): void {
    this.#isEndedHere = true;
    this.#end.abort();
    this.#socket?.destroy();
  }

  abandon(): void {
    this.#exchange = null;
    this.#isEndedHere = true;
    this.#socket?.destroy();
  }

  async #open(origin: URL): Promise<Socket> {
    try {
      const socket = await openSocket(origin, {
        ...this.#options,
        signal: this.#end.signal,
        onread: { buffer: () => this.#reads.next(), callback: this.#take },
      });
      this.#socket = socket;
      let broke: Error | null = null;
      socket.on('error', (error) => (broke = error)).on('close', () => this.#close(broke));
      return socket;
    } catch (error) {
      this.#close(null);
      throw error;
    }
  }

  readonly #take = (lengthBytes: number): boolean => {
    const chunk = this.#reads.cut(lengthBytes);
    if (!this.#hasAnswered) this.#options.onAnswered();
    this.#hasAnswered = true;
    if (this.#exchange !== null) return this.#exchange.read(chunk);
    this.#condemn(chunk);
    this.release([chunk]);
    return false;
  };

  /**
   * Ends a connection with bytes that belong to no response. If they are a response, the server has lost count: the
   * next one may come just after the next request, and be taken for its response, so connections are not reused.
   */
  #condemn(bytes: Buffer): void {
    if (isUnrequested(bytes)) this.#options.manners.keepsCount = false;
    this.destroy();
  }

  #close(error: Error | null): void {
    // The request that is told ends the connection once more.
    const isByPeer = !this.#isEndedHere;
    this.#exchange?.close(error);
    this.#reads.close();
    this.#options.onClosed({ isByPeer });
  }
}

function writeAll(
  socket: Socket,
  { head, body }: { readonly head: string; readonly body: Uint8Array },
  onWritten: () => void,
): void {
  const done = (error?: Error | null): void => {
    // The end of the connection reports a failure, after what it still holds has been read.
    if (error === undefined || error === null) onWritten();
  };
  if (head === '') socket.write(body, done);
  else if (body.byteLength === 0) socket.write(head, 'latin1', done);
  else if (body.byteLength <= JOINED_BYTES_MAX) {
    // One piece is written faster than two that are corked.
    const bytes = Buffer.allocUnsafe(head.length + body.byteLength);
    bytes.write(head, 0, 'latin1');
    bytes.set(body, head.length);
    socket.write(bytes, done);
  } else {
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body, done);
    socket.uncork();
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('no connection', { cause: thrown });
}

/** A second response. A 408 is none: some servers end an idle connection with it (RFC 9110, section 15.5.9). */
function isUnrequested(bytes: Buffer): boolean {
  return /^HTTP\/1\.[01] (?!408)/.test(bytes.toString('latin1', 0, 16));
}
