import { FactTrust } from './fact-trust.ts';

/**
 * Whether an ETag of parts that differs from the bytes is worth a second download. The difference may be a corrupted
 * byte, or only a store that composes its ETags in another way; one of the first kind shows that they are comparable.
 */
export class EtagTrust {
  readonly #trust = new FactTrust();

  get isKept(): boolean {
    return this.#trust.isKept;
  }

  /** Call after each object with such an ETag. */
  note({ isVerified, isFetchedAgain }: { readonly isVerified: boolean; readonly isFetchedAgain: boolean }): void {
    // One that was not fetched again says nothing.
    if (isVerified || isFetchedAgain) this.#trust.note(isVerified);
  }
}
