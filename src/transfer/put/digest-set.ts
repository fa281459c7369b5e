import { createHash } from 'node:crypto';

/**
 * A set of texts that keeps 8 bytes of each: a million of them take up to 32 MB. `has` can be wrong, once in 10^13
 * calls over a million texts; a caller for whom that matters must check.
 */
export class DigestSet {
  readonly #sizeMax: number;
  #slots = new BigUint64Array(1024);
  #size = 0;

  /** @param sizeMax texts beyond it are not kept */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#size;
  }

  add(text: string): void {
    if (this.#size >= this.#sizeMax) return;
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    this.#insert(shorten(text));
  }

  has(text: string): boolean {
    const digest = shorten(text);
    return this.#slots[this.#slotOf(digest)] === digest;
  }

  #insert(digest: bigint): void {
    const slot = this.#slotOf(digest);
    if (this.#slots[slot] === digest) return;
    this.#slots[slot] = digest;
    this.#size += 1;
  }

  /** Its slot, or the empty slot for it; there always is one, because half of them are empty. */
  #slotOf(digest: bigint): number {
    const { length } = this.#slots;
    let slot = Number(digest % BigInt(length));
    while (this.#slots[slot] !== 0n && this.#slots[slot] !== digest) slot = (slot + 1) % length;
    return slot;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new BigUint64Array(old.length * 2);
    this.#size = 0;
    for (const digest of old) if (digest !== 0n) this.#insert(digest);
  }
}

/** Never 0: that is an empty slot. */
function shorten(text: string): bigint {
  return createHash('md5').update(text).digest().readBigUInt64BE() || 1n;
}
