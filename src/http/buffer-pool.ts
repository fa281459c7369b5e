/** Most reads of a fast connection fill one; a slow one cuts many from it. */
const BLOCK_BYTES = 256 * 1024;
/** What is left of a block is not worth a read. */
const ROOM_BYTES_MIN = 16 * 1024;
/** Blocks that nobody uses are kept for the next one, up to so many. */
const SPARE_BLOCKS_MAX = 64;

interface Block {
  readonly buffer: Buffer;
  /** Who has a part of it, the connection that reads into it included. */
  holders: number;
}

/**
 * The memory that connections read into, used again and again. New memory for every read, as streams have it, costs more than the
 * reading: the system clears it, and the collector gathers it.
 *
 * What was cut from it is released by whoever had it last; what never is, the collector gathers.
 */
export class ReadMemory {
  readonly #spare: Block[] = [];
  /** By their memory, which is what a chunk shows of its block. */
  readonly #blocks = new WeakMap<ArrayBufferLike, Block>();

  /** Memory for one connection. */
  openLane(): ReadQueue {
    return new ReadQueue({ take: () => this.#take(), drop: (block) => this.#drop(block) });
  }

  /** One more has a part of this chunk's block, and will release it. */
  readonly retain = (chunk: Uint8Array): void => {
    const block = this.#blocks.get(chunk.buffer);
    if (block !== undefined) block.holders += 1;
  };

  /** Lets go of chunks, once each. Those of other memory are left alone. */
  readonly release = (chunks: readonly Uint8Array[]): void => {
    for (const { buffer } of chunks) {
      const block = this.#blocks.get(buffer);
      if (block !== undefined) this.#drop(block);
    }
  };

  #take(): Block {
    const spare = this.#spare.pop();
    if (spare !== undefined) {
      spare.holders = 1;
      return spare;
    }
    const block = { buffer: Buffer.allocUnsafeSlow(BLOCK_BYTES), holders: 1 };
    this.#blocks.set(block.buffer.buffer, block);
    return block;
  }

  #drop(block: Block): void {
    block.holders -= 1;
    if (block.holders < 0) throw new Error('memory was released twice: it may hold other bytes by now');
    if (block.holders === 0 && this.#spare.length < SPARE_BLOCKS_MAX) this.#spare.push(block);
  }
}

/** Where one connection reads to: one part of a block after the other. */
export class ReadQueue {
  readonly #source: { readonly take: () => Block; readonly drop: (block: Block) => void };
  #block: Block | null = null;
  #used = 0;

  constructor(source: { take: () => Block; drop: (block: Block) => void }) {
    this.#source = source;
  }

  /** Where the next read goes; what was cut before it stays as it is until it is released. */
  next(): Buffer {
    const block = this.#block;
    // Nobody has anything of it any more: from its start, while that is in the processor's cache.
    if (block?.holders === 1) this.#used = 0;
    else if (block !== null && BLOCK_BYTES - this.#used < ROOM_BYTES_MIN) this.close();
    this.#block ??= this.#source.take();
    return this.#block.buffer.subarray(this.#used);
  }

  /** What a read has brought, to be released. */
  cut(lengthBytes: number): Buffer {
    const block = this.#block;
    if (block === null) throw new Error('a read without memory');
    block.holders += 1;
    const start = this.#used;
    this.#used += lengthBytes;
    return block.buffer.subarray(start, this.#used);
  }

  /** Reads no more. */
  close(): void {
    if (this.#block !== null) this.#source.drop(this.#block);
    this.#block = null;
    this.#used = 0;
  }
}
