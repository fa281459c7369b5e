import type { FileTarget } from './download-target.ts';
import { FollowingCheck } from './verify-in-order.ts';
import { ONE_PIECE, type PartLayout, type PartLooks } from './part-layout.ts';
import { isProof, namePromise, type PromisedDigest } from '../checksum/expected-checksum.ts';

/** Why bytes that S3 has promised something about could not be held against it. */
export type Unverified =
  /** The store does not tell how it was cut. */
  | 'parts_unknown'
  /** They are not all alike: seen too late, a pipe has taken the bytes; or not worth a request each, for an MD5. */
  | 'parts_unequal'
  /** They differ from an ETag that need not be an MD5. */
  | 'etag_differs'
  /** They differ from a composite checksum, and whether that is for how it was cut, the store does not tell. */
  | 'checksum_differs';

export interface DownloadCheckOptions {
  readonly promise: PromisedDigest;
  /** Null where all bytes come in order and are gone then. */
  readonly target: FileTarget | null;
  /** How the object was cut; asked only about a composite promise of more parts than one. */
  readonly looks: Pick<PartLooks, 'guess' | 'learn'>;
  readonly onUnverified: (why: Unverified) => void;
}

/**
 * Holds an object's bytes against what S3 has promised about them. For a composite promise it first asks how the object
 * was cut, while the bytes already come: those of a file are read back, those of a pipe are kept until it is known.
 *
 * Only what is certain is called a mismatch: with a layout that was guessed, the exact one is asked for before.
 */
export class DownloadCheck {
  readonly #options: DownloadCheckOptions;
  /** Null where nothing has to be asked. */
  readonly #guessing: Promise<void> | null;
  #layout: PartLayout | null = null;
  #following: FollowingCheck | null = null;
  /** Of a pipe, until the layout is known; null where nothing is held any more. */
  #held: Uint8Array[] | null;
  #isVerified = false;
  #isTold = false;

  constructor(options: DownloadCheckOptions) {
    this.#options = options;
    const { promise, target } = options;
    this.#held = target === null ? [] : null;
    if ((promise.parts ?? 1) === 1) {
      this.#guessing = null;
      this.#follow(ONE_PIECE);
      return;
    }
    this.#guessing = this.#guess();
    // Whoever awaits it in the end gets the error; until then nobody does.
    this.#guessing.catch(() => undefined);
  }

  /** Whether nothing has to be asked first: so an attempt can be checked while it holds its slot and its permit. */
  get isReady(): boolean {
    return this.#guessing === null;
  }

  /** What the bytes have been verified by; null where they have not been. */
  get verifiedBy(): string | null {
    return this.#isVerified ? namePromise(this.#options.promise) : null;
  }

  /** Resolves when bytes need not be held any more. */
  async ready(): Promise<void> {
    await this.#guessing;
  }

  /** Takes note of bytes that have been written; everything before `frontier` has. */
  add(chunks: readonly Uint8Array[], where: { offset: number; frontier: number }): void {
    if (this.#following !== null) this.#following.add(chunks, where);
    // Copies: their memory is freed once they have been taken.
    else this.#held?.push(...chunks.map((chunk) => Uint8Array.from(chunk)));
  }

  restart(): void {
    this.#isVerified = false;
    this.#following?.restart();
  }

  /** After the last byte: false only where the object is certainly not what was promised. */
  async isKept(sizeBytes: number): Promise<boolean> {
    await this.#guessing;
    if (this.#following === null || this.#layout === null) return true;
    this.#isVerified = await this.#following.isKept(sizeBytes);
    if (this.#isVerified) return true;
    const { promise, target, looks } = this.#options;
    const { certainty } = this.#layout;
    if (certainty === 'assumed') return this.#leaveUnverified('parts_unknown');
    if (!isProof(promise)) return this.#leaveUnverified('etag_differs');
    if (certainty === 'exact') return false;
    const exact = await looks.learn();
    if (exact === null) return this.#leaveUnverified('checksum_differs');
    const isSame = isSameLayout(exact, this.#layout);
    if (!isSame && target === null) return this.#leaveUnverified('parts_unequal');
    this.#layout = exact;
    if (isSame) return false;
    this.#follow(exact);
    this.#isVerified = await this.#following.isKept(sizeBytes);
    return this.#isVerified;
  }

  async #guess(): Promise<void> {
    const { promise, looks } = this.#options;
    const guess = await looks.guess();
    if (typeof guess === 'object') this.#follow(guess);
    else if (guess === 'unknown') this.#leaveUnverified('parts_unknown');
    else if (!isProof(promise)) this.#leaveUnverified('parts_unequal');
    else {
      const exact = await looks.learn();
      if (exact === null) this.#leaveUnverified('parts_unknown');
      else this.#follow(exact);
    }
    this.#held = null;
  }

  #follow(layout: PartLayout): void {
    const { promise, target } = this.#options;
    this.#layout = layout;
    this.#following = new FollowingCheck(promise, { partSizes: layout.partSizes, target });
    if (this.#held !== null) this.#following.add(this.#held, { offset: 0, frontier: 0 });
  }

  #leaveUnverified(why: Unverified): true {
    if (!this.#isTold) this.#options.onUnverified(why);
    this.#isTold = true;
    return true;
  }
}

function isSameLayout(one: PartLayout, other: PartLayout): boolean {
  return one.partSizes.every((bytes, index) => bytes === other.partSizes[index]);
}
