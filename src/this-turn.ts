import { setImmediate } from 'node:timers';

/**
 * Keeps a value until the current turn of the event loop ends: what has just been read from a file need not be read
 * again for each of the requests whose responses arrived together.
 */
export class ThisTurn<T> {
  #value: T | null = null;
  #endsWithTurn = false;

  /** The value of this turn; null if none was set. */
  get value(): T | null {
    return this.#value;
  }

  set(value: T): void {
    this.#value = value;
    if (this.#endsWithTurn) return;
    this.#endsWithTurn = true;
    setImmediate(() => {
      this.#endsWithTurn = false;
      this.#value = null;
    });
  }
}
