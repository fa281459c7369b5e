import { createHash } from 'node:crypto';

/**
 * A set of texts that keeps 8 bytes of each: a million of them take 32 MB. It may take one text for another, once in
 * 10^13 questions over a million texts; who cannot live with that must look again.
 */
export class DigestSet {
  readonly #sizeMax: number;
  #slots = new BigUint64Array(1024);
  #size = 0;

  /** @param sizeMax what is added beyond it is forgotten */
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
    return this.#slots[this.#placeOf(digest)] === digest;
  }

  #insert(digest: bigint): void {
    const place = this.#placeOf(digest);
    if (this.#slots[place] === digest) return;
    this.#slots[place] = digest;
    this.#size += 1;
  }

  /** Where it is, or the empty slot where it would be; there is always one, for half of them are empty. */
  #placeOf(digest: bigint): number {
    const { length } = this.#slots;
    let place = Number(digest % BigInt(length));
    while (this.#slots[place] !== 0n && this.#slots[place] !== digest) place = (place + 1) % length;
    return place;
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
  return createHash('md5').update(text).digest().readBigUInt64BE() || 1n;
}
