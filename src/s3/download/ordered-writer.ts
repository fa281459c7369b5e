import type { StreamTarget } from './download-request.ts';

/**
 * Brings pieces that arrive in any order into a pipe in theirs. What is next goes straight through; what comes early
 * waits in memory, at most `windowBytes` ahead.
 */
export class InOrder {
  readonly #target: StreamTarget;
  readonly #windowBytes: number;
  readonly #onTaken: (bytes: Uint8Array, offset: number) => void;
  readonly #early = new Map<number, Early>();
  #next = 0;
  #isWriting = false;
  #moved = Promise.withResolvers<void>();

  /** @param onTaken told of bytes, in order, once they have been taken */
  constructor(
    target: StreamTarget,
    options: { readonly windowBytes: number; readonly onTaken: (bytes: Uint8Array, offset: number) => void },
  ) {
    this.#target = target;
    this.#windowBytes = options.windowBytes;
    this.#onTaken = options.onTaken;
  }

  /** Resolves when bytes at `offset` may be asked for without running too far ahead. */
  async mayBegin(offset: number, signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (offset >= this.#next + this.#windowBytes) {
        signal.throwIfAborted();
        await Promise.race([this.#moved.promise, aborted.promise]);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Resolves when the pipe has taken them, or at once where they are early. */
  async writeAt(
    chunks: readonly Uint8Array[],
    { offset, free }: Omit<Early, 'chunks'> & { offset: number },
  ): Promise<void> {
    this.#early.set(offset, { chunks, free });
    // Whoever is at it takes these too, when their turn comes.
    if (this.#isWriting || offset !== this.#next) return;
    this.#isWriting = true;
    try {
      await this.#writeNext();
    } finally {
      this.#isWriting = false;
    }
  }

  async #writeNext(): Promise<void> {
    for (;;) {
      const early = this.#early.get(this.#next);
      if (early === undefined) return;
      const { chunks, free } = early;
      this.#early.delete(this.#next);
      for (const chunk of chunks) {
        await this.#target.write(chunk);
        this.#onTaken(chunk, this.#next);
        this.#next += chunk.byteLength;
      }
      free(chunks);
      this.#moved.resolve();
      this.#moved = Promise.withResolvers<void>();
    }
  }
}

/** Chunks that wait for their turn, and how to let go of them after it. */
interface Early {
  readonly chunks: readonly Uint8Array[];
  readonly free: (chunks: readonly Uint8Array[]) => void;
}
