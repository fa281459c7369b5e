import type { Dispatcher } from 'undici';
import type { SocketOptions, TlsSession } from './open-socket.ts';
import { ReadConnection } from './get-connection.ts';
import { ReadMemory } from './buffer-pool.ts';
import { ReadRequest } from './get-exchange.ts';

type ReadAgentOptions = Pick<SocketOptions, 'clock' | 'connectTimeoutMs' | 'certificates'>;

/** What is known of one place to connect to. */
interface Origin {
  readonly url: URL;
  readonly tlsSession: TlsSession;
  /** The one last used at the end. */
  readonly idle: Idle[];
}

interface Idle {
  readonly connection: ReadConnection;
  /** On the monotonic clock. */
  readonly untilMs: number;
}

/**
 * Sends requests without a body, by the interface of undici's agent, where the bytes of the responses are what counts. undici
 * copies them into its parser, in pieces of 64 KiB of new memory each; here they come in large pieces of memory that is used again.
 * A chunk is its receiver's until it releases it.
 */
export class ReadAgent {
  readonly #options: ReadAgentOptions;
  readonly #memory = new ReadMemory();
  readonly #all = new Set<ReadConnection>();
  readonly #origins = new Map<string, Origin>();
  #isDestroyed = false;

  constructor(options: ReadAgentOptions) {
    this.#options = options;
  }

  readonly dispatch = (target: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean => {
    const request = new ReadRequest(target, handler);
    if (this.#isDestroyed) request.close(new Error('the client is closed'));
    else void this.#connectionTo(String(target.origin)).send(request);
    return true;
  };

  /** Lets go of chunks that handlers were given, once each. Others are left alone. */
  readonly release = (chunks: readonly Uint8Array[]): void => this.#memory.release(chunks);

  destroy(): void {
    this.#isDestroyed = true;
    for (const connection of this.#all) connection.destroy();
  }

  #connectionTo(origin: string): ReadConnection {
    const { clock } = this.#options;
    const { url, idle, tlsSession } = this.#originOf(origin);
    for (let last = idle.pop(); last !== undefined; last = idle.pop()) {
      if (last.connection.isOpen && clock.monotonic() < last.untilMs) return last.connection;
      last.connection.destroy();
    }
    const connection = new ReadConnection(url, {
      ...this.#options,
      tlsSession,
      memory: this.#memory,
      onIdle: (reusableForMs) => idle.push({ connection, untilMs: clock.monotonic() + reusableForMs }),
      onClosed: () => {
        this.#all.delete(connection);
        const place = idle.findIndex((one) => one.connection === connection);
        if (place !== -1) idle.splice(place, 1);
      },
    });
    this.#all.add(connection);
    return connection;
  }

  #originOf(origin: string): Origin {
    const known = this.#origins.get(origin);
    if (known !== undefined) return known;
    const made = { url: new URL(origin), tlsSession: { ticket: undefined }, idle: [] };
    this.#origins.set(origin, made);
    return made;
  }
}
