/** Results of asynchronous work, each made once; those that are made need no promise. */
export class KeptResults<T> {
  readonly #making = new Map<string, Promise<T>>();
  readonly #made = new Map<string, T>();

  /** Undefined while it is being made, and before. */
  get(name: string): T | undefined {
    return this.#made.get(name);
  }

  /** The result, made by `make` if there is none. After a failure the next call makes it again. */
  async find(name: string, make: () => Promise<T>): Promise<T> {
    return await (this.#making.get(name) ?? this.replace(name, make));
  }

  /** Makes it anew; later calls wait for this one. Those that wait go on in the order in which they came. */
  replace(name: string, make: () => Promise<T>): Promise<T> {
    const making = make().then((result) => {
      if (this.#making.get(name) === making) this.#made.set(name, result);
      return result;
    });
    making.catch(() => {
      if (this.#making.get(name) === making) this.#making.delete(name);
    });
    this.#making.set(name, making);
    this.#made.delete(name);
    return making;
  }
}
