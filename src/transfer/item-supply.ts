/** The items of a source, for several workers: none is taken twice. */
export class ItemSupply<T> {
  readonly #iterator: AsyncIterator<T | readonly T[]>;
  #ready: readonly T[] = [];
  #at = 0;
  #isDone = false;
  #refill: Promise<void> | null = null;

  constructor(source: AsyncIterable<T | readonly T[]>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  /** The next item; null after the last. */
  take(): T | null | Promise<T | null> {
    return this.#at < this.#ready.length ? this.#takeReady() : this.#takeLater();
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  #takeReady(): T | null {
    const item = this.#ready[this.#at];
    this.#at += 1;
    return item ?? null;
  }

  async #takeLater(): Promise<T | null> {
    while (this.#at >= this.#ready.length) {
      if (this.#isDone) return null;
      this.#refill ??= this.#fill();
      await this.#refill;
    }
    return this.#takeReady();
  }

  async #fill(): Promise<void> {
    try {
      const { done, value } = await this.#iterator.next();
      this.#isDone = done === true;
      this.#ready = done === true ? [] : toItems<T>(value);
      this.#at = 0;
    } catch (error) {
      this.#isDone = true;
      throw error;
    } finally {
      this.#refill = null;
    }
  }
}

function toItems<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

/** The items of pages, one by one. */
export async function* eachItem<T>(pages: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const page of pages) yield* page;
}
