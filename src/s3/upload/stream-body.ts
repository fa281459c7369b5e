import { untilAborted } from '../../abort.ts';

/** Bytes that are given to the uploader at a time. */
const BLOCK_BYTES = 1024 * 1024;

interface Block {
  readonly memory: Buffer;
  /** Where it ends in the stream, in bytes. */
  readonly end: number;
}

interface StreamBodyOptions {
  readonly partSizeBytes: number;
  /** Ends the wait for the stream, with its reason. */
  readonly signal: AbortSignal;
  /** @default 1 MiB */
  readonly blockBytes?: number;
}

/**
 * A stream as lib-storage reads it: in blocks, which it copies into parts. Blocks are used again and parts are freed as
 * soon as nobody can need them. The garbage collector would do so late: it counts a buffer as a small object, and lets
 * a hundred megabytes pile up (measured over 1 GiB: 220 to 250 MB at the peak instead of 150 to 170).
 */
export class StreamBody {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #options: Required<StreamBodyOptions>;
  /** Blocks that the uploader may not have copied yet, oldest first. */
  readonly #given: Block[] = [];
  readonly #spare: Buffer[] = [];
  /** How many parts still have to be sent from a memory: the last two parts may share one. */
  readonly #unsent = new Map<ArrayBufferLike, number>();
  #newest: { readonly number: number; readonly memory: ArrayBufferLike | null } = { number: 0, memory: null };
  #readBytes = 0;

  constructor(source: AsyncIterable<Uint8Array>, options: StreamBodyOptions) {
    this.#source = source;
    this.#options = { blockBytes: BLOCK_BYTES, ...options };
  }

  /** What the stream has yielded so far. */
  get readBytes(): number {
    return this.#readBytes;
  }

  /**
   * Reads the stream once. A chunk of it is not needed after the next one is requested.
   * @throws what the stream throws
   */
  async *read(): AsyncGenerator<Buffer> {
    const { signal } = this.#options;
    let block = this.#takeBlock();
    let length = 0;
    for await (const chunk of untilAborted(this.#source, signal)) {
      for (let at = 0; at < chunk.byteLength;) {
        const piece = chunk.subarray(at, at + block.length - length);
        block.set(piece, length);
        length += piece.byteLength;
        at += piece.byteLength;
        if (length < block.length) continue;
        yield this.#give(block, length);
        block = this.#takeBlock();
        length = 0;
      }
      // The last bytes of a full part need not wait for a full block: the stream may say nothing for hours.
      if (length === 0 || this.#readBytes + length <= this.#endOfPart()) continue;
      yield this.#give(block, length);
      block = this.#takeBlock();
      length = 0;
    }
    signal.throwIfAborted();
    if (length > 0) yield this.#give(block, length);
  }

  /**
   * The uploader has put a part together: it has copied the blocks before its end, and no longer needs the memory of
   * the parts before it.
   */
  noteCreated(number: number, { buffer }: Uint8Array): void {
    this.#unsent.set(buffer, (this.#unsent.get(buffer) ?? 0) + 1);
    if (number > this.#newest.number) this.#newest = { number, memory: buffer };
    const end = this.#newest.number * this.#options.partSizeBytes;
    const copied = this.#given.findIndex((block) => block.end > end || block.memory.buffer === buffer);
    for (const { memory } of this.#given.splice(0, copied === -1 ? this.#given.length : copied))
      this.#spare.push(memory);
    this.#freeSent();
  }

  /** A part has been stored. */
  noteSent({ buffer }: Uint8Array): void {
    this.#unsent.set(buffer, (this.#unsent.get(buffer) ?? 1) - 1);
    this.#freeSent();
  }

  #freeSent(): void {
    for (const [memory, parts] of this.#unsent) {
      if (parts > 0 || memory === this.#newest.memory) continue;
      this.#unsent.delete(memory);
      if (memory instanceof ArrayBuffer) memory.transfer(0);
    }
  }

  /** Where the part ends that the next byte belongs to; a part that is full stays open until the byte after it. */
  #endOfPart(): number {
    const { partSizeBytes } = this.#options;
    return Math.max(1, Math.ceil(this.#readBytes / partSizeBytes)) * partSizeBytes;
  }

  #takeBlock(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#options.blockBytes);
  }

  #give(memory: Buffer, length: number): Buffer {
    this.#readBytes += length;
    this.#given.push({ memory, end: this.#readBytes });
    return memory.subarray(0, length);
  }
}
