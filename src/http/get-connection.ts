import type { Socket } from 'node:net';
import { openSocket, type SocketOptions } from './open-socket.ts';
import type { ReadQueue, ReadMemory } from './buffer-pool.ts';
import type { ReadChannel, ReadRequest } from './get-exchange.ts';

export interface ReadConnectionOptions extends Omit<SocketOptions, 'onread' | 'signal'> {
  readonly memory: ReadMemory;
  /** Told when another request may be sent, and for how long. */
  readonly onIdle: (reusableForMs: number) => void;
  readonly onClosed: () => void;
}

/** A connection for requests without a body, one at a time. It reads into memory that is used again. */
export class ReadConnection {
  readonly #options: ReadConnectionOptions;
  readonly #lane: ReadQueue;
  readonly #end = new AbortController();
  readonly #opening: Promise<ReadChannel>;
  #socket: Socket | null = null;
  #request: ReadRequest | null = null;

  constructor(origin: URL, options: ReadConnectionOptions) {
    this.#options = options;
    this.#lane = options.memory.openLane();
    this.#opening = this.#open(origin);
    // Whoever sends meets it.
    this.#opening.catch(() => undefined);
  }

  /** Sends a request as soon as the connection is there; its handler gets what becomes of it. */
  async send(request: ReadRequest): Promise<void> {
    try {
      const channel = await this.#opening;
      this.#socket?.ref();
      this.#request = request;
      request.begin(channel);
    } catch (error) {
      request.close(error instanceof Error ? error : new Error('no connection', { cause: error }));
    }
  }

  /** Another request would still go out. */
  get isOpen(): boolean {
    return this.#socket?.writable === true;
  }

  destroy(): void {
    this.#end.abort();
    this.#socket?.destroy();
  }

  async #open(origin: URL): Promise<ReadChannel> {
    try {
      const socket = await openSocket(origin, {
        ...this.#options,
        signal: this.#end.signal,
        onread: { buffer: () => this.#lane.next(), callback: (lengthBytes) => this.#take(lengthBytes) },
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

  #openChannel(socket: Socket): ReadChannel {
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

  #take(lengthBytes: number): boolean {
    const chunk = this.#lane.cut(lengthBytes);
    if (this.#request !== null) return this.#request.take(chunk);
    // Nobody has asked for it.
    this.#options.memory.release([chunk]);
    this.destroy();
    return false;
  }

  #finish(socket: Socket, reusableForMs: number): void {
    this.#request = null;
    if (reusableForMs === 0) {
      this.destroy();
      return;
    }
    // It may end while nobody asks, which is to be seen, but not to be waited for.
    socket.resume().unref();
    this.#options.onIdle(reusableForMs);
  }

  #close(error: Error | null): void {
    this.#request?.close(error);
    this.#lane.close();
    this.#options.onClosed();
  }
}
