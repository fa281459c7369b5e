import type { Socket } from 'node:net';
import { openSocket, type SocketOptions } from './open-socket.ts';
import type { PooledReads, BufferPool } from './buffer-pool.ts';
import type { GetChannel, GetExchange } from './get-exchange.ts';

export interface GetConnectionOptions extends Omit<SocketOptions, 'onread' | 'signal'> {
  readonly memory: BufferPool;
  /** Called when the connection can take another request, within this time. */
  readonly onIdle: (reusableForMs: number) => void;
  readonly onClosed: () => void;
}

/** A connection for bodiless requests, one at a time. It reads into reused memory. */
export class GetConnection {
  readonly #options: GetConnectionOptions;
  readonly #reads: PooledReads;
  readonly #end = new AbortController();
  readonly #opening: Promise<GetChannel>;
  #socket: Socket | null = null;
  #request: GetExchange | null = null;

  constructor(origin: URL, options: GetConnectionOptions) {
    this.#options = options;
    this.#reads = options.memory.openReads();
    this.#opening = this.#open(origin);
    // Handled by `send`; this avoids an unhandled rejection.
    this.#opening.catch(() => undefined);
  }

  /** Sends a request once the connection is open; every failure goes to the request's handler. */
  async send(request: GetExchange): Promise<void> {
    try {
      const channel = await this.#opening;
      this.#socket?.ref();
      this.#request = request;
      request.begin(channel);
    } catch (error) {
      request.close(error instanceof Error ? error : new Error('no connection', { cause: error }));
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

  async #open(origin: URL): Promise<GetChannel> {
    try {
      const socket = await openSocket(origin, {
        ...this.#options,
        signal: this.#end.signal,
        onread: { buffer: () => this.#reads.next(), callback: this.#take },
      });
      this.#socket = socket;
      let broke: Error | null = null;
      socket.on('error', (error) => (broke = error)).on('close', () => this.#close(broke));
      return this.#openChannel(socket);
    } catch (error) {
      this.#close(null);
      throw error;
    }
  }

  #openChannel(socket: Socket): GetChannel {
    const { retain, release } = this.#options.memory;
    return {
      write: (head) => socket.write(head, 'latin1'),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      finish: (reusableForMs) => this.#finish(socket, reusableForMs),
      destroy: () => socket.destroy(),
      retain,
      release,
    };
  }

  readonly #take = (lengthBytes: number): boolean => {
    const chunk = this.#reads.cut(lengthBytes);
    if (this.#request !== null) return this.#request.read(chunk);
    // These bytes belong to no response.
    this.#options.memory.release([chunk]);
    this.destroy();
    return false;
  };

  #finish(socket: Socket, reusableForMs: number): void {
    this.#request = null;
    if (reusableForMs === 0) {
      this.destroy();
      return;
    }
    // While idle, it must notice the end of the connection, but not keep the process alive.
    socket.resume().unref();
    this.#options.onIdle(reusableForMs);
  }

  #close(error: Error | null): void {
    this.#request?.close(error);
    this.#reads.close();
    this.#options.onClosed();
  }
}
