/** Closes everything when a command ends, the last one added first. A failure does not stop the others. */
export class Closers {
  readonly #closers: (() => void | Promise<void>)[] = [];
  readonly #onFailure: (message: string) => void;

  constructor(onFailure: (message: string) => void) {
    this.#onFailure = onFailure;
  }

  add(close: () => void | Promise<void>): void {
    this.#closers.push(close);
  }

  /** Never throws. Also closes what is added meanwhile. */
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
