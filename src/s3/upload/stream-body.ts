import { untilAborted } from '../../abort.ts';

/** Bytes passed to the uploader at a time. */
const BLOCK_BYTES = 1024 * 1024;

interface Block {
  readonly memory: Buffer;
  /** The offset of its end in the stream. */
  readonly end: number;
}

interface StreamBodyOptions {
  readonly partSizeBytes: number;
  /** Aborts the wait for the stream, with its reason. */
  readonly signal: AbortSignal;
  /** @default 1 MiB */
  readonly blockBytes?: number;
}

/**
 * Feeds a stream to lib-storage in blocks, which it copies into parts. Blocks are reused, and parts freed, as soon as
 * possible. The garbage collector would do so late, because it counts a buffer as a small object, and a hundred
 * megabytes would pile up (measured over 1 GiB: 220 to 250 MB at the peak instead of 150 to 170).
 */
export class StreamBody {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #options: Required<StreamBodyOptions>;
  /** Blocks that the uploader may not have copied yet, oldest first. */
  readonly #given: Block[] = [];
  readonly #spare: Buffer[] = [];
  /** The number of unsent parts in each memory; the last two parts may share one. */
  readonly #unsent = new Map<ArrayBufferLike, number>();
  #newest: { readonly number: number; readonly memory: ArrayBufferLike | null } = { number: 0, memory: null };
  #readBytes = 0;

  constructor(source: AsyncIterable<Uint8Array>, options: StreamBodyOptions) {
    this.#source = source;
    this.#options = { blockBytes: BLOCK_BYTES, ...options };
  }

  /** Bytes passed on so far. */
  get readBytes(): number {
    return this.#readBytes;
  }

  /**
   * Reads the stream once. It needs no chunk after requesting the next.
   * @throws the stream's error
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
      // The last bytes of a full part do not wait for a full block, because the stream may send nothing for hours.
      if (length === 0 || this.#readBytes + length <= this.#endOfPart()) continue;
      yield this.#give(block, length);
      block = this.#takeBlock();
      length = 0;
    }
    signal.throwIfAborted();
    if (length > 0) yield this.#give(block, length);
  }

  /**
   * Call when the uploader has assembled a part: it has copied the blocks before the part's end, and no longer needs
   * the memory of earlier parts.
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

  /** Call when a part has been stored. */
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

  /** The end of the part that the next byte belongs to. A full part stays open until the byte after it. */
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
