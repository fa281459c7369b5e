import { createDigest, digestOnce, type Digest } from './digest.ts';
import type { ExpectedChecksum } from './expected-checksum.ts';

/**
 * Digests an object's bytes in order, across attempts: as a whole, or part by part and then the parts' digests, as S3
 * does for a composite checksum and for the ETag of an upload in parts.
 */
export class CompositeDigest {
  readonly #expected: Pick<ExpectedChecksum, 'algorithm' | 'parts'>;
  readonly #partSizes: readonly number[];
  #digests: Promise<Uint8Array>[] = [];
  #part: Digest;
  #leftBytes: number;

  /** @param partSizes bytes of each part but the last; empty for a checksum of the whole */
  constructor(expected: Pick<ExpectedChecksum, 'algorithm' | 'parts'>, partSizes: readonly number[]) {
    this.#expected = expected;
    this.#partSizes = partSizes;
    this.#part = createDigest(expected.algorithm);
    this.#leftBytes = partSizes[0] ?? Infinity;
  }

  restart(): void {
    this.#digests = [];
    this.#part = createDigest(this.#expected.algorithm);
    this.#leftBytes = this.#partSizes[0] ?? Infinity;
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength;) {
      while (this.#leftBytes === 0) this.#endPart();
      const taken = bytes.subarray(at, at + this.#leftBytes);
      this.#part.update(taken);
      this.#leftBytes -= taken.byteLength;
      at += taken.byteLength;
    }
  }

  /** The checksum in the form of `ExpectedChecksum.value`. Call once, after the last byte. */
  async value(): Promise<string> {
    const { algorithm, parts } = this.#expected;
    // Include parts without bytes, because the last part may be empty.
    while (this.#digests.length <= this.#partSizes.length) this.#endPart();
    const digests = Buffer.concat(await Promise.all(this.#digests));
    const encoding = algorithm === 'md5' ? 'hex' : 'base64';
    if (parts === null) return digests.toString(encoding);
    return Buffer.from(await digestOnce(algorithm, digests)).toString(encoding);
  }

  #endPart(): void {
    this.#digests.push(Promise.resolve(this.#part.digest()));
    this.#part = createDigest(this.#expected.algorithm);
    this.#leftBytes = this.#partSizes[this.#digests.length] ?? Infinity;
  }
}
