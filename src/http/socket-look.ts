/**
 * Calls functions after Node has asked the system for everything that has arrived: one look for all that come in the same
 * turn of the event loop. The first `setImmediate` alone may run before that, because it ends the current turn.
 */
export class SocketLook {
  #waiting: (() => void)[] = [];

  /** Calls `fn` after a look that begins only now. */
  before(fn: () => void): void {
    this.#waiting.push(fn);
    if (this.#waiting.length > 1) return;
    setImmediate(() => {
      const looked = this.#waiting;
      this.#waiting = [];
      setImmediate(() => {
        for (const each of looked) each();
      });
    });
  }
}
