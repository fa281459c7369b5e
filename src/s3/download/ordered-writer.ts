import { onAbort } from '../../abort.ts';
import type { DownloadTarget, FileTarget, StreamTarget } from './download-request.ts';
import type { Release } from '../../http/direct-body.ts';

interface OrderedWriterOptions {
  /** How far ahead of the stream to request pieces. */
  readonly windowBytes: number;
  /** Ends every wait for the stream. */
  readonly signal: AbortSignal;
}

/** Adapts any target to take bytes in any order. */
export function toFileTarget(target: DownloadTarget, options: OrderedWriterOptions): FileTarget {
  return 'write' in target ? new OrderedWriter(target, options) : target;
}

/**
 * Writes pieces that arrive in any order to a stream, in order. The next bytes are written at once; early ones wait in
 * memory, at most `windowBytes` ahead.
 */
class OrderedWriter implements FileTarget {
  readonly readBack = null;
  readonly restart = null;
  readonly #stream: StreamTarget;
  readonly #options: OrderedWriterOptions;
  readonly #early = new Map<number, EarlyChunks>();
  #next = 0;
  #isWriting = false;
  #moved = Promise.withResolvers<void>();

  constructor(stream: StreamTarget, options: OrderedWriterOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  readonly ready = async (offset: number): Promise<void> => {
    const { windowBytes, signal } = this.#options;
    if (offset < this.#next + windowBytes) return;
    const aborted = Promise.withResolvers<never>();
    using _listening = onAbort(signal, aborted.reject);
    while (offset >= this.#next + windowBytes) await Promise.race([this.#moved.promise, aborted.promise]);
  };

  readonly writeAt = async (chunks: readonly Uint8Array[], offset: number, release: Release): Promise<void> => {
    this.#early.set(offset, { chunks, release });
    // The call that is writing now will also write these.
    if (this.#isWriting || offset !== this.#next) return;
    this.#isWriting = true;
    try {
      for (let next = this.#takeNext(); next !== undefined; next = this.#takeNext()) await this.#write(next);
    } finally {
      this.#isWriting = false;
    }
  };

  #takeNext(): EarlyChunks | undefined {
    const next = this.#early.get(this.#next);
    this.#early.delete(this.#next);
    return next;
  }

  async #write({ chunks, release }: EarlyChunks): Promise<void> {
    for (const chunk of chunks) {
      await this.#stream.write(chunk);
      this.#next += chunk.byteLength;
    }
    release(chunks);
    this.#moved.resolve();
    this.#moved = Promise.withResolvers<void>();
  }
}

/** Chunks waiting for those before them. */
interface EarlyChunks {
  readonly chunks: readonly Uint8Array[];
  readonly release: Release;
}
