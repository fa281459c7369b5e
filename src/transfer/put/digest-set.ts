import { hash } from 'node:crypto';

/**
 * A set of texts that keeps 8 bytes of each; a million take up to 32 MB. `has` is wrong about once in 10^13 calls for a
 * million texts; callers that cannot accept that must check.
 */
export class DigestSet {
  readonly #sizeMax: number;
  #slots = new BigUint64Array(1024);
  #size = 0;

  /** @param sizeMax further texts are not kept */
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

  /** The digest's slot, or an empty one for it. There always is one, because half are empty. */
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

/** Never 0, which marks an empty slot. */
function shorten(text: string): bigint {
  return hash('md5', text, 'buffer').readBigUInt64BE() || 1n;
}
