import type { FileTarget } from './download-request.ts';
import { CompositeDigest } from '../checksum/composite-digest.ts';
import type { ExpectedChecksum } from '../checksum/expected-checksum.ts';

/** Bytes read back at a time. */
const READ_BYTES = 1024 * 1024;

/** Digests an object in order while it arrives. */
export interface InOrderCheck {
  /** Adds bytes that have been written. */
  readonly add: (chunks: readonly Uint8Array[], offset: number) => void;
  /** Call when everything before `frontier` has been written. */
  readonly advance: (frontier: number) => void;
  /** Starts over, because all bytes will be written again. */
  readonly restart: () => void;
  /** Call after the last byte. @returns whether the object matches its checksum */
  readonly matches: (sizeBytes: number) => Promise<boolean>;
  /** Call at the end, whatever it is. May be repeated. */
  readonly close: () => void;
}

/**
 * Digests an object in order while its pieces arrive in any order. The next bytes are digested from memory as they are
 * written; others are read back from the file afterwards, while still in the page cache.
 */
export class FollowingCheck implements InOrderCheck {
  readonly #expected: ExpectedChecksum;
  readonly #check: CompositeDigest;
  readonly #readBack: FileTarget['readBack'];
  #at = 0;
  #reading: Promise<void> | null = null;
  #generation = 0;
  #verdict: Promise<boolean> | null = null;

  /**
   * @param partSizes as in `CompositeDigest`
   * @param readBack null if all bytes are added in order
   */
  constructor(
    expected: ExpectedChecksum,
    { partSizes, readBack }: { readonly partSizes: readonly number[]; readonly readBack: FileTarget['readBack'] },
  ) {
    this.#expected = expected;
    this.#check = new CompositeDigest(expected, partSizes);
    this.#readBack = readBack;
  }

  /** Adds bytes that have been written. */
  add(chunks: readonly Uint8Array[], offset: number): void {
    if (offset !== this.#at || this.#reading !== null) return;
    for (const chunk of chunks) {
      this.#check.update(chunk);
      this.#at += chunk.byteLength;
    }
  }

  /** Digests the written bytes before `frontier` in the background, by reading them back. */
  advance(frontier: number): void {
    if (this.#readBack === null || this.#reading !== null || frontier <= this.#at) return;
    const reading = this.#readUpTo(frontier, this.#readBack, this.#generation).finally(() => {
      if (this.#reading === reading) this.#reading = null;
    });
    this.#reading = reading;
    // Handled by the later await; this avoids an unhandled rejection.
    reading.catch(() => undefined);
  }

  restart(): void {
    this.#generation += 1;
    this.#verdict = null;
    this.#reading = null;
    this.#at = 0;
    this.#check.restart();
  }

  /** Call after the last byte. @returns whether the object matches its checksum */
  async matches(sizeBytes: number): Promise<boolean> {
    while (this.#at < sizeBytes) {
      this.advance(sizeBytes);
      await this.#reading;
    }
    // A digest can be read only once.
    this.#verdict ??= this.#check.value().then((value) => value === this.#expected.value);
    return await this.#verdict;
  }

  close(): void {
    // What it is reading ends by itself.
    this.#generation += 1;
  }

  async #readUpTo(end: number, readBack: NonNullable<FileTarget['readBack']>, generation: number): Promise<void> {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end - this.#at));
    while (this.#at < end) {
      const bytes = buffer.subarray(0, Math.min(buffer.byteLength, end - this.#at));
      const bytesRead = await readBack(bytes, this.#at);
      // Restarted meanwhile, so these bytes are out of date.
      if (generation !== this.#generation) return;
      if (bytesRead === 0) throw new Error(`the file ends at ${this.#at}, before the end of the written bytes`);
      this.#check.update(bytes.subarray(0, bytesRead));
      this.#at += bytesRead;
    }
  }
}
