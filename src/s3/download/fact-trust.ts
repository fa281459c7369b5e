/** So many differences, and nothing that agrees, mean that this store says a thing in a form of its own. */
const DIFFERENCES_MAX = 3;

/** Whether what a store says of its objects is worth comparing, because each difference costs a second request. */
export class FactTrust {
  #hasAgreed = false;
  #differences = 0;

  get hasAgreed(): boolean {
    return this.#hasAgreed;
  }

  get isKept(): boolean {
    return this.#hasAgreed || this.#differences < DIFFERENCES_MAX;
  }

  note(agrees: boolean): void {
    if (agrees) this.#hasAgreed = true;
    else this.#differences += 1;
  }
}
