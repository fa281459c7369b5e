/** Closes everything when a command ends, in reverse order of addition. A failure does not stop the rest. */
export class Closers {
  readonly #closers: (() => void | Promise<void>)[] = [];
  readonly #onFailure: (message: string) => void;

  constructor(onFailure: (message: string) => void) {
    this.#onFailure = onFailure;
  }

  add(close: () => void | Promise<void>): void {
    this.#closers.push(close);
  }

  /** Never throws. Also runs hooks that are added during the close. */
  async close(): Promise<void> {
    for (;;) {
      const close = this.#closers.pop();
      if (close === undefined) return;
      try {
        await close();
      } catch (error) {
        this.#onFailure(error instanceof Error ? error.message : String(error));
      }
    }
  }
}
