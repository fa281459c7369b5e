import type { Socket } from 'node:net';
import { after } from '../abort.ts';
import { openSocket, type SocketOptions } from './open-socket.ts';
import type { PooledReads, BufferPool } from './buffer-pool.ts';
import type { HttpChannel, HttpExchange } from './http-exchange.ts';

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
  readonly onClosed: () => void;
}

/** A connection for requests, one at a time. It reads into reused memory. */
export class HttpConnection {
  readonly #options: HttpConnectionOptions;
  readonly #reads: PooledReads;
  readonly #end = new AbortController();
  readonly #opening: Promise<Socket>;
  #socket: Socket | null = null;
  #exchange: HttpExchange | null = null;
  #hasServed = false;

  constructor(origin: URL, options: HttpConnectionOptions) {
    this.#options = options;
    this.#reads = options.memory.openReads();
    this.#opening = this.#open(origin);
    // Handled by `send`; this avoids an unhandled rejection.
    this.#opening.catch(() => undefined);
  }

  /** Sends a request once the connection is open; every failure goes to the request's handler. */
  async send(exchange: HttpExchange): Promise<void> {
    try {
      const socket = await this.#opening;
      socket.ref();
      this.#exchange = exchange;
      exchange.begin(this.#openChannel(socket));
    } catch (error) {
      exchange.close(error instanceof Error ? error : new Error('no connection', { cause: error }));
    }
  }

  /** Another request can still be sent. */
  get isOpen(): boolean {
    return this.#socket?.writable === true;
  }

  destroy(): void {
    this.#end.abort();
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

  #openChannel(socket: Socket): HttpChannel {
    const { manners, clock, memory } = this.#options;
    const { retain, release } = memory;
    const isReused = this.#hasServed;
    this.#hasServed = true;
    return {
      isReused,
      mayAsk: manners.answersExpect,
      stopAsking: () => (manners.answersExpect = false),
      write: (bytes, onWritten) => writeAll(socket, bytes, onWritten),
      after: (ms, fn) => after(clock, ms, fn),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      finish: (reusableForMs, rest) => this.#finish(socket, reusableForMs, rest),
      destroy: () => socket.destroy(),
      abandon: () => {
        this.#exchange = null;
        socket.destroy();
      },
      retain,
      release,
    };
  }

  readonly #take = (lengthBytes: number): boolean => {
    const chunk = this.#reads.cut(lengthBytes);
    if (this.#exchange !== null) return this.#exchange.read(chunk);
    this.#condemn(chunk);
    this.#options.memory.release([chunk]);
    return false;
  };

  #finish(socket: Socket, reusableForMs: number, rest: Buffer): void {
    this.#exchange = null;
    if (rest.length > 0) this.#condemn(rest);
    else if (reusableForMs === 0 || !this.#options.manners.keepsCount) this.destroy();
    else {
      // While idle, it must notice the end of the connection, but not keep the process alive.
      socket.resume().unref();
      this.#options.onIdle(reusableForMs);
    }
  }

  /**
   * Ends a connection with bytes that belong to no response. If they are a response, the server has lost count: the
   * next one may come just after the next request, and be taken for its response, so connections are not reused.
   */
  #condemn(bytes: Buffer): void {
    if (isUnrequested(bytes)) this.#options.manners.keepsCount = false;
    this.destroy();
  }

  #close(error: Error | null): void {
    this.#exchange?.close(error);
    this.#reads.close();
    this.#options.onClosed();
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
  else {
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body, done);
    socket.uncork();
  }
}

/** A second response. A 408 is none: some servers end an idle connection with it (RFC 9110, section 15.5.9). */
function isUnrequested(bytes: Buffer): boolean {
  return /^HTTP\/1\.[01] (?!408)/.test(bytes.toString('latin1', 0, 16));
}
