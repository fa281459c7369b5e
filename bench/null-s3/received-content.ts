import { createDigest, digestPattern, type DigestName } from './digests.ts';
import { findPhase, isPattern, patternBytes } from './pattern.ts';

/**
 * What was put, for its true digests. Bytes are compared with the pattern, which costs a tenth of hashing them; what follows the
 * pattern to its end has a known digest. Anything else is hashed, from its first byte.
 */
export class ReceivedContent {
  sizeBytes = 0;
  readonly #names: readonly DigestName[];
  #phase: number | null = null;
  #digests: Map<DigestName, ReturnType<typeof createDigest>> | null = null;
  readonly #ended = new Map<DigestName, Buffer>();

  /** @param names the digests to compute of other content */
  constructor(names: readonly DigestName[]) {
    this.#names = names;
  }

  /** Where in the block the content begins; null where it is not the pattern. */
  get phase(): number | null {
    return this.#digests === null ? (this.#phase ?? 0) : null;
  }

  /** @param bytes gone after the call */
  update(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#digests === null) {
      this.#phase ??= findPhase(bytes);
      if (this.#phase === null || !isPattern(bytes, this.#phase + this.sizeBytes)) this.#hash(this.#phase ?? 0);
    }
    for (const digest of this.#digests?.values() ?? []) digest.update(bytes);
    this.sizeBytes += bytes.length;
  }

  /** Null for one that was not asked for, of other content. Call after the last byte. */
  digest(name: DigestName): Buffer | null {
    if (this.#digests === null) return digestPattern(name, { phase: this.#phase ?? 0, sizeBytes: this.sizeBytes });
    const ended = this.#ended.get(name) ?? this.#digests.get(name)?.digest() ?? null;
    if (ended !== null) this.#ended.set(name, ended);
    return ended;
  }

  #hash(phase: number): void {
    this.#digests = new Map(this.#names.map((name) => [name, createDigest(name)]));
    for (const digest of this.#digests.values()) {
      for (const piece of patternBytes({ phase, sizeBytes: this.sizeBytes })) digest.update(piece);
    }
  }
}
