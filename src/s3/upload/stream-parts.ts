/** What fills one part; the last one of a stream may be shorter, and empty only where the stream is. */
export interface StreamPart {
  /** The first is 1. */
  readonly number: number;
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Cuts a stream into parts, each in memory of its own that is used again once the part is given back: there are as many
 * buffers as parts are out at a time.
 */
export class StreamParts {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #partSizeBytes: number;
  readonly #signal: AbortSignal;
  readonly #spare: Buffer[] = [];
  #chunk = NOTHING;
  #count = 0;
  #isOver = false;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param signal ends the wait for the stream, with its reason */
  constructor(
    stream: AsyncIterable<Uint8Array>,
    { partSizeBytes, signal }: { readonly partSizeBytes: number; readonly signal: AbortSignal },
  ) {
    this.#source = stream[Symbol.asyncIterator]();
    this.#partSizeBytes = partSizeBytes;
    this.#signal = signal;
  }

  /** All of the stream has been read: nothing comes behind the parts that were asked for. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The next part, to whoever asked first; null after the last. @throws what the stream throws, to all who wait */
  async next(): Promise<StreamPart | null> {
    const part = this.#turn.then(async () => await this.#cut());
    this.#turn = part;
    return await part;
  }

  /** Nobody reads these bytes any more. */
  giveBack({ bytes }: StreamPart): void {
    this.#spare.push(Buffer.from(bytes.buffer, bytes.byteOffset, this.#partSizeBytes));
  }

  /** Lets go of the stream, as soon as it has answered what it was asked. */
  close(): void {
    this.#source.return?.().catch(() => undefined);
  }

  async #cut(): Promise<StreamPart | null> {
    if (this.#isOver) return null;
    const buffer = this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#partSizeBytes);
    let length = 0;
    // The byte after a full part is waited for: only then is it known not to be the last.
    while (await this.#hasMore()) {
      if (length === buffer.length) break;
      const piece = this.#chunk.subarray(0, buffer.length - length);
      buffer.set(piece, length);
      length += piece.byteLength;
      this.#chunk = this.#chunk.subarray(piece.byteLength);
    }
    this.#count += 1;
    return { number: this.#count, bytes: buffer.subarray(0, length), isLast: this.#isOver };
  }

  async #hasMore(): Promise<boolean> {
    while (this.#chunk.byteLength === 0 && !this.#isOver) {
      const { done, value } = await this.#read();
      this.#isOver = done === true;
      this.#chunk = done === true ? NOTHING : value;
    }
    return !this.#isOver;
  }

  /** A stream may say nothing for hours; what ends the upload does not wait for it. */
  async #read(): Promise<IteratorResult<Uint8Array, unknown>> {
    const signal = this.#signal;
    signal.throwIfAborted();
    return await new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      const forget = (): void => signal.removeEventListener('abort', onAbort);
      this.#source.next().then(resolve, reject).finally(forget);
    });
  }
}
