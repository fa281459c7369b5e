/** The step in which a thread hears of bytes in the file: each costs a message. */
const STEP_BYTES = 4 * 1024 * 1024;

export type SendRequest = (
  request:
    | { readonly kind: 'written'; readonly end: number }
    | { readonly kind: 'finish'; readonly sizeBytes: number }
    | { readonly kind: 'drop' },
) => void;

export interface DigestJobOptions {
  readonly send: SendRequest;
  /** Called once. */
  readonly onEnd: () => void;
}

/** A file that another thread digests. Ends with a value, with a failure, or when it is dropped. */
export class DigestJob {
  readonly #options: DigestJobOptions;
  readonly #value = Promise.withResolvers<string | null>();
  #hasEnded = false;
  #hasFailed = false;
  #sentEnd = 0;

  constructor(options: DigestJobOptions) {
    this.#options = options;
  }

  /** The thread has ended, or could not read the file: someone else must digest the object. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Everything before `end` is in the file. */
  advance(end: number): void {
    if (this.#hasEnded || end - this.#sentEnd < STEP_BYTES) return;
    this.#sentEnd = end;
    this.#options.send({ kind: 'written', end });
  }

  /** Call after the last byte. @returns the checksum; null if the thread has failed, or the job was dropped */
  async finish(sizeBytes: number): Promise<string | null> {
    if (!this.#hasEnded) this.#options.send({ kind: 'finish', sizeBytes });
    return await this.#value.promise;
  }

  /** May be repeated, and called after the end. */
  drop(): void {
    if (this.#hasEnded) return;
    this.#options.send({ kind: 'drop' });
    this.end(null);
  }

  /** Called when the thread has failed. */
  fail(): void {
    this.#hasFailed ||= !this.#hasEnded;
    this.end(null);
  }

  /** Called with the thread's result. */
  end(value: string | null): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#value.resolve(value);
    this.#options.onEnd();
  }
}
