import type { Dispatcher } from 'undici';
import type { ConnectionSettings, SocketOptions, TlsSession } from './open-socket.ts';
import { HttpConnection, type ServerManners } from './http-connection.ts';
import { BufferPool } from './buffer-pool.ts';
import { HttpExchange } from './http-exchange.ts';
import { NarrowedLimit } from './narrowed-limit.ts';
import { SocketLook } from './socket-look.ts';

interface HttpAgentOptions extends Pick<SocketOptions, 'clock' | keyof ConnectionSettings> {
  /** The most connections at once, to all origins; further requests wait for one. @default unlimited */
  readonly connectionsMax?: number;
}

/** The connections to one origin. */
interface Origin {
  readonly url: URL;
  readonly tlsSession: TlsSession;
  readonly manners: ServerManners;
  /** The most recently used is last. */
  readonly idle: Idle[];
}

interface Idle {
  readonly connection: HttpConnection;
  /** On the monotonic clock. */
  readonly untilMs: number;
}

/**
 * Sends requests through the interface of undici's agent. undici copies each response into its parser in new 64 KiB
 * pieces; here it arrives in large pieces of reused memory. A chunk belongs to its receiver until released.
 *
 * A kept connection may end, or receive bytes that belong to no request, at any time, also while the next request is
 * on its way (RFC 9112, section 9.3.1). So it is looked at first, and a request that can be repeated is sent once more,
 * at once and on a new connection, if its connection ends before the response begins. Any other request gets a new
 * connection.
 */
export class HttpAgent {
  readonly #options: HttpAgentOptions;
  readonly #memory = new BufferPool();
  readonly #all = new Set<HttpConnection>();
  readonly #origins = new Map<string, Origin>();
  /** Requests that wait for a connection, in order. */
  readonly #queue: { readonly origin: Origin; readonly exchange: HttpExchange }[] = [];
  readonly #look = new SocketLook();
  readonly #narrowed: NarrowedLimit;
  #isDestroyed = false;

  constructor(options: HttpAgentOptions) {
    this.#options = options;
    this.#narrowed = new NarrowedLimit(options.clock);
  }

  readonly dispatch = (target: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean => {
    const origin = this.#originOf(String(target.origin));
    const exchange = new HttpExchange(target, handler, () => this.#sendAgain(origin, exchange));
    this.#send(origin, exchange);
    return true;
  };

  /** Frees chunks that handlers received, to be called once for each. Ignores other chunks. */
  readonly release = (chunks: readonly Uint8Array[]): void => this.#memory.release(chunks);

  destroy(): void {
    this.#isDestroyed = true;
    for (const connection of this.#all) connection.destroy();
    for (const { exchange } of this.#queue.splice(0)) exchange.close(new Error('the client is closed'));
  }

  #send(origin: Origin, exchange: HttpExchange): void {
    const kept = exchange.isRepeatable ? this.#takeIdle(origin) : null;
    if (kept === null) {
      this.#sendOn(origin, null, exchange);
      return;
    }
    this.#look.before(() => {
      if (kept.isOpen && origin.manners.keepsCount) this.#sendOn(origin, kept, exchange);
      else {
        kept.destroy();
        this.#send(origin, exchange);
      }
    });
  }

  /** Its first connection has ended, which makes room for another one: nothing else goes first, for its time is running. */
  #sendAgain(origin: Origin, exchange: HttpExchange): void {
    if (this.#isDestroyed || this.#all.size < this.#connectionsMax()) this.#sendOn(origin, null, exchange);
    else this.#queue.unshift({ origin, exchange });
  }

  /** Sends on this connection, or a new one, or waits for one. */
  #sendOn(origin: Origin, kept: HttpConnection | null, exchange: HttpExchange): void {
    if (this.#isDestroyed) exchange.close(new Error('the client is closed'));
    else if (kept !== null) kept.send(exchange);
    else if (this.#all.size < this.#connectionsMax()) void this.#open(origin).open(exchange);
    else {
      this.#queue.push({ origin, exchange });
      this.#closeAnIdle();
    }
  }

  /** Sends the next request of the queue, for which there is a connection or room for one. */
  #sendNext(): void {
    let next = this.#queue.shift();
    // One that has ended while it waited needs none.
    while (next?.exchange.aborted === true) next = this.#queue.shift();
    if (next !== undefined) this.#send(next.origin, next.exchange);
  }

  /** Makes room for a new connection. */
  #closeAnIdle(): void {
    for (const { idle } of this.#origins.values()) {
      const oldest = idle.shift();
      if (oldest === undefined) continue;
      oldest.connection.destroy();
      return;
    }
  }

  /** A kept connection that has not ended, as far as known; null if there is none. */
  #takeIdle({ idle, manners }: Origin): HttpConnection | null {
    const { clock } = this.#options;
    for (let last = idle.pop(); last !== undefined; last = idle.pop()) {
      const { connection, untilMs } = last;
      if (connection.isOpen && manners.keepsCount && clock.monotonic() < untilMs) return connection;
      connection.destroy();
    }
    return null;
  }

  #open({ url, idle, tlsSession, manners }: Origin): HttpConnection {
    const { clock } = this.#options;
    const connection = new HttpConnection(url, {
      ...this.#options,
      tlsSession,
      manners,
      memory: this.#memory,
      onIdle: (reusableForMs) => {
        idle.push({ connection, untilMs: clock.monotonic() + reusableForMs });
        this.#sendNext();
      },
      onAnswered: () => this.#narrowed.noteTaken(),
      onClosed: ({ isByPeer }) => {
        this.#all.delete(connection);
        if (isByPeer && !connection.hasAnswered) this.#narrowed.noteTurnedAway(this.#countAnswering());
        const index = idle.findIndex((one) => one.connection === connection);
        if (index !== -1) idle.splice(index, 1);
        this.#sendNext();
      },
    });
    this.#all.add(connection);
    return connection;
  }

  #connectionsMax(): number {
    return Math.min(this.#options.connectionsMax ?? Infinity, this.#narrowed.connectionsMax);
  }

  #countAnswering(): number {
    return [...this.#all].filter(({ hasAnswered }) => hasAnswered).length;
  }

  #originOf(origin: string): Origin {
    const known = this.#origins.get(origin);
    if (known !== undefined) return known;
    const made: Origin = {
      url: new URL(origin),
      tlsSession: { ticket: undefined },
      manners: { answersExpect: true, keepsCount: true },
      idle: [],
    };
    this.#origins.set(origin, made);
    return made;
  }
}
