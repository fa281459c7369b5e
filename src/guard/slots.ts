import { onAbort } from '../abort.ts';
import { KeptBuffers } from './kept-buffers.ts';

const MIB = 1024 * 1024;

/** Limits for all transfers of one command together. */
export interface SlotBounds {
  /** Requests in flight. @default 256, because small objects spend most of their time on the round trip */
  readonly requests: number;
  /** Memory of these requests; a larger request runs alone. @default 48 MiB */
  readonly bufferBytes: number;
}

const DEFAULT_SLOT_BOUNDS: SlotBounds = { requests: 256, bufferBytes: 48 * MIB };

/** A proxy holds a connection to each side for every request, and may have few: tinyproxy takes 100 clients. */
const REQUESTS_THROUGH_PROXY = 64;

export function usualBounds({ isProxied }: { readonly isProxied: boolean }): SlotBounds {
  return isProxied ? { ...DEFAULT_SLOT_BOUNDS, requests: REQUESTS_THROUGH_PROXY } : DEFAULT_SLOT_BOUNDS;
}

/** A slot for one request; released on dispose. */
export interface Slot extends Disposable {
  /** Uninitialized memory of the requested size; valid until dispose. */
  readonly buffer: () => Buffer;
}

/** The queue of one transfer; earlier transfers go first. */
export interface SlotQueue {
  /**
   * Waits for a slot. A holder must not wait for another one. A probe does not wait for its first slot, because the
   * holders may be waiting for the probe.
   * @param bufferBytes memory that the request needs; 0 without a body
   * @throws the signal's reason as soon as it aborts
   */
  readonly take: (bufferBytes: number, requester: SlotRequester) => Promise<Slot>;
}

/** The owner of a slot, such as a `RequestRunner`. */
export interface SlotRequester {
  readonly signal: AbortSignal;
  /** Whether it holds the probe of its circuit. @default false */
  readonly isProbe?: boolean;
}

interface Waiter {
  readonly rank: number;
  readonly bufferBytes: number;
  readonly grant: () => void;
}

/**
 * Bounds requests and their memory: thousands of small objects and a single terabyte object both use the full bandwidth
 * within the same memory.
 *
 * Serves transfers strictly in the order in which they started: a newer one gets only what the older ones leave free.
 * So few objects are unfinished at a time, and small parts cannot starve a large one.
 */
export class Slots {
  readonly #bounds: SlotBounds;
  /** By rank, then by arrival. */
  readonly #waiters: Waiter[] = [];
  readonly #buffers: KeptBuffers;
  #queues = 0;
  #requests = 0;
  #bufferBytes = 0;

  constructor(bounds: SlotBounds = DEFAULT_SLOT_BOUNDS) {
    this.#bounds = bounds;
    this.#buffers = new KeptBuffers(() => bounds.bufferBytes - this.#bufferBytes);
  }

  get bounds(): SlotBounds {
    return this.#bounds;
  }

  openQueue(): SlotQueue {
    const rank = this.#queues;
    this.#queues += 1;
    let held = 0;
    const release = (): void => {
      held -= 1;
    };
    return {
      take: async (bufferBytes, { signal, isProbe = false }) => {
        signal.throwIfAborted();
        const isFree = this.#waiters.length === 0 && this.#fits(bufferBytes);
        if (isFree || (isProbe && held === 0)) this.#grant(bufferBytes);
        else await this.#wait({ rank, bufferBytes }, signal);
        held += 1;
        return this.#createSlot(bufferBytes, release);
      },
    };
  }

  async #wait({ rank, bufferBytes }: { rank: number; bufferBytes: number }, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const listening = onAbort(signal, (reason) => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(reason);
        // This waiter may have blocked those behind it.
        this.#grantWaiters();
      });
      const waiter: Waiter = {
        rank,
        bufferBytes,
        grant: () => {
          listening[Symbol.dispose]();
          resolve();
        },
      };
      const place = this.#waiters.findIndex((other) => other.rank > rank);
      this.#waiters.splice(place === -1 ? this.#waiters.length : place, 0, waiter);
      this.#grantWaiters();
    });
  }

  #grant(bufferBytes: number): void {
    this.#requests += 1;
    this.#bufferBytes += bufferBytes;
  }

  #grantWaiters(): void {
    for (;;) {
      const [first] = this.#waiters;
      if (first === undefined || !this.#fits(first.bufferBytes)) return;
      this.#waiters.shift();
      this.#grant(first.bufferBytes);
      first.grant();
    }
  }

  #fits(bufferBytes: number): boolean {
    if (this.#requests >= this.#bounds.requests) return false;
    return this.#bufferBytes === 0 || this.#bufferBytes + bufferBytes <= this.#bounds.bufferBytes;
  }

  #createSlot(bufferBytes: number, release: () => void): Slot {
    let isTaken = true;
    let memory: Buffer | null = null;
    return {
      buffer: () => {
        memory ??= this.#buffers.take(bufferBytes);
        return memory.subarray(0, bufferBytes);
      },
      [Symbol.dispose]: () => {
        if (!isTaken) return;
        isTaken = false;
        release();
        this.#requests -= 1;
        this.#bufferBytes -= bufferBytes;
        if (memory !== null) this.#buffers.give(memory);
        this.#grantWaiters();
      },
    };
  }
}
