/** So many objects that were fetched twice in vain mean that the ETags of this store are not made of MD5s. */
const IN_VAIN_MAX = 3;

/**
 * Whether an ETag of parts that differs from the bytes is worth a second download. The difference may be a corrupted
 * byte, or only a store that composes its ETags in another way; one of the first kind shows that they are comparable.
 */
export class EtagTrust {
  #hasVerified = false;
  #inVain = 0;

  get isKept(): boolean {
    return this.#hasVerified || this.#inVain < IN_VAIN_MAX;
  }

  /** Call after each object with such an ETag. */
  note({ isVerified, isFetchedAgain }: { readonly isVerified: boolean; readonly isFetchedAgain: boolean }): void {
    if (isVerified) this.#hasVerified = true;
    else if (isFetchedAgain) this.#inVain += 1;
  }
}
