import type { SharedMemory } from './shared-memory.ts';

/** Collects a body in memory of its own, if it is short enough. */
export class WholeBody {
  /** Its length is known only at its end. */
  readonly isOfUnknownLength: boolean;
  readonly #bytesMax: number;
  #bytes: Buffer;
  #length = 0;

  private constructor(bytes: Buffer, { bytesMax, isSized }: { readonly bytesMax: number; readonly isSized: boolean }) {
    this.#bytes = bytes;
    this.#bytesMax = bytesMax;
    this.isOfUnknownLength = !isSized;
  }

  /** @returns null if the headers state a length of more than `bytesMax`, or none that is certain */
  static open(
    { 'content-length': length, 'transfer-encoding': coding }: Readonly<Record<string, string>>,
    { bytesMax, memory }: { readonly bytesMax: number; readonly memory: SharedMemory },
  ): WholeBody | null {
    if (length === undefined) {
      const isChunked = coding?.toLowerCase() === 'chunked';
      return isChunked ? new WholeBody(Buffer.alloc(0), { bytesMax, isSized: false }) : null;
    }
    const isSized = coding === undefined && /^\d+$/.test(length) && Number(length) <= bytesMax;
    return isSized ? new WholeBody(memory.take(Number(length)), { bytesMax, isSized }) : null;
  }

  /** Copies a chunk. @returns false if the body becomes too long; the chunk is not taken then */
  take(chunk: Uint8Array): boolean {
    const length = this.#length + chunk.byteLength;
    if (length > this.#bytesMax) return false;
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
    return true;
  }

  /** What has been taken, and this chunk. */
  with(chunk: Uint8Array): Uint8Array {
    return Buffer.concat([this.finish(), chunk]);
  }

  /** What has been taken. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** To twice the need, so that a body in single bytes is not copied for each of them. */
  #grow(length: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.min(2 * length, this.#bytesMax));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
