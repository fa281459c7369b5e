const MIB = 1024 * 1024;

/** Smaller buffers are cheaper to get anew than to keep. */
const KEPT_BYTES_MIN = MIB;

/** What all transfers of one command may use together. */
export interface SlotBounds {
  /** Requests in flight, whatever they carry. @default 64: of small objects the round trip is what takes time */
  readonly requests: number;
  /** Bytes that those requests hold in memory. A single larger request goes alone. @default 48 MiB */
  readonly bufferBytes: number;
}

export const DEFAULT_SLOT_BOUNDS: SlotBounds = { requests: 64, bufferBytes: 48 * MIB };

/** Leave for one request, until it is disposed of. */
export interface Slot extends Disposable {
  /** Memory of the size that was asked for, with anything in it, until the slot is disposed of. */
  readonly buffer: () => Buffer;
}

/** The slots as one transfer sees them: transfers that were begun earlier go first. */
export interface SlotQueue {
  /**
   * Waits for a slot. Who holds one must not wait for another.
   * @param bufferBytes memory that the request will hold; 0 for one without a body
   * @throws the signal's reason as soon as it aborts
   */
  readonly take: (bufferBytes: number, signal: AbortSignal) => Promise<Slot>;
}

interface Waiter {
  readonly rank: number;
  readonly bufferBytes: number;
  readonly grant: () => void;
}

/**
 * Bounds objects and their parts together, so that thousands of small objects and one of a terabyte both keep the
 * line busy within the same memory.
 *
 * Strictly in the order in which transfers were begun: a new object starts only with what the older ones leave over.
 * So few are half done at a time, and a large part cannot be starved by small ones.
 */
export class Slots {
  readonly #bounds: SlotBounds;
  /** By rank; among equals by arrival. */
  readonly #waiters: Waiter[] = [];
  /** Buffers that nobody uses now: parts are alike, and new memory would have to be cleared by the system. */
  readonly #spare: Buffer[] = [];
  #lanes = 0;
  #requests = 0;
  #bufferBytes = 0;

  constructor(bounds: SlotBounds = DEFAULT_SLOT_BOUNDS) {
    this.#bounds = bounds;
  }

  get bounds(): SlotBounds {
    return this.#bounds;
  }

  openQueue(): SlotQueue {
    const rank = this.#lanes;
    this.#lanes += 1;
    return { take: async (bufferBytes, signal) => await this.#take({ rank, bufferBytes }, signal) };
  }

  async #take({ rank, bufferBytes }: { rank: number; bufferBytes: number }, signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    if (this.#waiters.length === 0 && this.#fits(bufferBytes)) this.#grant(bufferBytes);
    else await this.#wait({ rank, bufferBytes }, signal);
    return this.#createSlot(bufferBytes);
  }

  async #wait({ rank, bufferBytes }: { rank: number; bufferBytes: number }, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal.reason);
        // It may have been the one that held up the rest.
        this.#grantWaiters();
      };
      const waiter: Waiter = {
        rank,
        bufferBytes,
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
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

  #createSlot(bufferBytes: number): Slot {
    let isTaken = true;
    let memory: Buffer | null = null;
    return {
      buffer: () => {
        memory ??= this.#takeSpare(bufferBytes) ?? Buffer.allocUnsafe(bufferBytes);
        return memory.subarray(0, bufferBytes);
      },
      [Symbol.dispose]: () => {
        if (!isTaken) return;
        isTaken = false;
        this.#requests -= 1;
        this.#bufferBytes -= bufferBytes;
        if (memory !== null) this.#keepSpare(memory);
        this.#grantWaiters();
      },
    };
  }

  #takeSpare(bufferBytes: number): Buffer | null {
    if (bufferBytes < KEPT_BYTES_MIN) return null;
    const place = this.#spare.findIndex(({ length }) => length >= bufferBytes);
    return place === -1 ? null : (this.#spare.splice(place, 1)[0] ?? null);
  }

  #keepSpare(memory: Buffer): void {
    const held = this.#spare.reduce((sum, { length }) => sum + length, this.#bufferBytes);
    if (memory.length >= KEPT_BYTES_MIN && held + memory.length <= this.#bounds.bufferBytes) this.#spare.push(memory);
  }
}
