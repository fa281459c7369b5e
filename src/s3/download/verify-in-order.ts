import type { FileTarget } from './download-request.ts';
import { CompositeDigest } from '../checksum/composite-digest.ts';
import type { ExpectedChecksum } from '../checksum/expected-checksum.ts';

/** Bytes read back at a time. */
const READ_BYTES = 1024 * 1024;

/**
 * Digests an object in order while its pieces arrive in any order: bytes that are next are taken from memory as they
 * are written, the others are read back from the file behind the writes, where they are still in the page cache.
 */
export class FollowingCheck {
  readonly #check: CompositeDigest;
  readonly #target: FileTarget | null;
  #at = 0;
  #reading: Promise<void> | null = null;
  #generation = 0;
  #verdict: Promise<boolean> | null = null;

  /**
   * @param partSizes as `CompositeDigest` takes them
   * @param target null where all bytes come in order
   */
  constructor(
    promise: ExpectedChecksum,
    { partSizes, target }: { readonly partSizes: readonly number[]; readonly target: FileTarget | null },
  ) {
    this.#check = new CompositeDigest(promise, partSizes);
    this.#target = target;
  }

  /** Takes note of bytes that have been written; everything before `frontier` has. */
  add(chunks: readonly Uint8Array[], { offset, frontier }: { offset: number; frontier: number }): void {
    if (offset === this.#at && this.#reading === null) {
      for (const chunk of chunks) {
        this.#check.update(chunk);
        this.#at += chunk.byteLength;
      }
    }
    this.#follow(frontier);
  }

  restart(): void {
    this.#generation += 1;
    this.#verdict = null;
    this.#reading = null;
    this.#at = 0;
    this.#check.restart();
  }

  /** After the last byte: whether the object is what was promised. */
  async isKept(sizeBytes: number): Promise<boolean> {
    while (this.#at < sizeBytes) {
      this.#follow(sizeBytes);
      await this.#reading;
    }
    // A digest can be taken only once.
    this.#verdict ??= this.#check.matches();
    return await this.#verdict;
  }

  #follow(frontier: number): void {
    if (this.#target === null || this.#reading !== null || frontier <= this.#at) return;
    const reading = this.#readUpTo(frontier, this.#target, this.#generation).finally(() => {
      if (this.#reading === reading) this.#reading = null;
    });
    this.#reading = reading;
    // Whoever awaits it in the end gets the error; until then nobody does.
    reading.catch(() => undefined);
  }

  async #readUpTo(end: number, target: FileTarget, generation: number): Promise<void> {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end - this.#at));
    while (this.#at < end) {
      const bytes = buffer.subarray(0, Math.min(buffer.byteLength, end - this.#at));
      const bytesRead = await target.readAt(bytes, this.#at);
      // Begun anew meanwhile: these bytes are of no interest any more.
      if (generation !== this.#generation) return;
      if (bytesRead === 0) throw new Error(`the file ends at ${this.#at}, before what was written to it`);
      this.#check.update(bytes.subarray(0, bytesRead));
      this.#at += bytesRead;
    }
  }
}
