import type { Dispatcher } from 'undici';
import type { SocketOptions, TlsSession } from './open-socket.ts';
import { GetConnection } from './get-connection.ts';
import { BufferPool } from './buffer-pool.ts';
import { GetExchange } from './get-exchange.ts';

type GetAgentOptions = Pick<SocketOptions, 'clock' | 'connectTimeoutMs' | 'certificates'>;

/** The connections to one origin. */
interface Origin {
  readonly url: URL;
  readonly tlsSession: TlsSession;
  /** The most recently used is last. */
  readonly idle: Idle[];
}

interface Idle {
  readonly connection: GetConnection;
  /** On the monotonic clock. */
  readonly untilMs: number;
}

/**
 * Sends bodiless requests with large responses, through the interface of undici's agent. undici copies each response
 * into its parser in new 64 KiB pieces; here it arrives in large pieces of reused memory. A chunk belongs to its
 * receiver until released.
 */
export class GetAgent {
  readonly #options: GetAgentOptions;
  readonly #memory = new BufferPool();
  readonly #all = new Set<GetConnection>();
  readonly #origins = new Map<string, Origin>();
  #isDestroyed = false;

  constructor(options: GetAgentOptions) {
    this.#options = options;
  }

  readonly dispatch = (target: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean => {
    const request = new GetExchange(target, handler);
    if (this.#isDestroyed) request.close(new Error('the client is closed'));
    else void this.#connectionTo(String(target.origin)).send(request);
    return true;
  };

  /** Frees chunks that handlers received, to be called once for each. Ignores other chunks. */
  readonly release = (chunks: readonly Uint8Array[]): void => this.#memory.release(chunks);

  destroy(): void {
    this.#isDestroyed = true;
    for (const connection of this.#all) connection.destroy();
  }

  #connectionTo(origin: string): GetConnection {
    const { clock } = this.#options;
    const { url, idle, tlsSession } = this.#originOf(origin);
    for (let last = idle.pop(); last !== undefined; last = idle.pop()) {
      if (last.connection.isOpen && clock.monotonic() < last.untilMs) return last.connection;
      last.connection.destroy();
    }
    const connection = new GetConnection(url, {
      ...this.#options,
      tlsSession,
      memory: this.#memory,
      onIdle: (reusableForMs) => idle.push({ connection, untilMs: clock.monotonic() + reusableForMs }),
      onClosed: () => {
        this.#all.delete(connection);
        const index = idle.findIndex((one) => one.connection === connection);
        if (index !== -1) idle.splice(index, 1);
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
