import type { Socket } from 'node:net';
import { openSocket, type SocketOptions } from './open-socket.ts';
import type { ReadLane, ReadMemory } from './read-memory.ts';
import type { ReadChannel, ReadRequest } from './read-request.ts';

export interface ReadConnectionOptions extends Omit<SocketOptions, 'onread'> {
  readonly memory: ReadMemory;
  /** Told when another request may be sent, and for how long. */
  readonly onIdle: (reusableForMs: number) => void;
  readonly onClosed: () => void;
}

/** A connection for requests without a body, one at a time. It reads into memory that is used again. */
export class ReadConnection {
  readonly #options: ReadConnectionOptions;
  readonly #socket: Socket;
  readonly #ready: Promise<void>;
  readonly #lane: ReadLane;
  #request: ReadRequest | null = null;

  constructor(origin: URL, options: ReadConnectionOptions) {
    this.#options = options;
    this.#lane = options.memory.openLane();
    const { socket, ready } = openSocket(origin, {
      ...options,
      onread: { buffer: () => this.#lane.next(), callback: (lengthBytes) => this.#take(lengthBytes) },
    });
    this.#socket = socket;
    this.#ready = ready;
    let broke: Error | null = null;
    socket.on('error', (error) => (broke = error));
    socket.on('close', () => {
      this.#request?.close(broke);
      this.#lane.close();
      options.onClosed();
    });
  }

  /** Sends a request as soon as the connection is there; its handler gets what becomes of it. */
  async send(request: ReadRequest): Promise<void> {
    try {
      await this.#ready;
    } catch (error) {
      request.close(error instanceof Error ? error : new Error('no connection', { cause: error }));
      return;
    }
    this.#socket.ref();
    this.#request = request;
    request.begin(this.#createChannel());
  }

  /** Another request would still go out. */
  get isOpen(): boolean {
    return this.#socket.writable;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(lengthBytes: number): boolean {
    const chunk = this.#lane.cut(lengthBytes);
    if (this.#request !== null) return this.#request.take(chunk);
    // Nobody has asked for it.
    this.#options.memory.release([chunk]);
    this.destroy();
    return false;
  }

  #createChannel(): ReadChannel {
    const socket = this.#socket;
    const { retain, release } = this.#options.memory;
    return {
      write: (head) => socket.write(head, 'latin1'),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      finish: (reusableForMs) => this.#finish(reusableForMs),
      destroy: () => socket.destroy(),
      retain,
      release,
    };
  }

  #finish(reusableForMs: number): void {
    this.#request = null;
    if (reusableForMs === 0) {
      this.destroy();
      return;
    }
    // It may end while nobody asks, which is to be seen, but not to be waited for.
    this.#socket.resume();
    this.#socket.unref();
    this.#options.onIdle(reusableForMs);
  }
}
