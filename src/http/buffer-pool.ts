/** Most reads of a fast connection fill one; a slow one cuts many from it. */
const BLOCK_BYTES = 256 * 1024;
/** A smaller rest of a block is not used for a read. */
const ROOM_BYTES_MIN = 16 * 1024;
/** The most unused blocks that are kept. */
const SPARE_BLOCKS_MAX = 64;

interface Block {
  readonly buffer: Buffer;
  /** Users of a part of it, including the connection that reads into it. */
  holders: number;
}

/**
 * The memory that connections read into, reused. New memory for every read, as streams allocate it, costs more than the
 * reading: the system clears it, and the garbage collector frees it.
 *
 * The last user of a part releases it; a part that is never released is garbage collected.
 */
export class BufferPool {
  readonly #spare: Block[] = [];
  /** By their memory: all that a chunk knows of its block. */
  readonly #blocks = new WeakMap<ArrayBufferLike, Block>();

  /** Memory for one connection. */
  openReads(): PooledReads {
    return new PooledReads({ take: () => this.#take(), drop: (block) => this.#drop(block) });
  }

  /** This chunk's block has one more user, who will release it. */
  readonly retain = (chunk: Uint8Array): void => {
    const block = this.#blocks.get(chunk.buffer);
    if (block !== undefined) block.holders += 1;
  };

  /** Frees chunks, once each. Chunks of other memory are ignored. */
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
    if (block.holders < 0) throw new Error('memory was released twice, and may hold other bytes now');
    if (block.holders === 0 && this.#spare.length < SPARE_BLOCKS_MAX) this.#spare.push(block);
  }
}

/** What one connection reads into: one part of a block after the other. */
export class PooledReads {
  readonly #source: { readonly take: () => Block; readonly drop: (block: Block) => void };
  #block: Block | null = null;
  #used = 0;

  constructor(source: { take: () => Block; drop: (block: Block) => void }) {
    this.#source = source;
  }

  /** Memory for the next read; what was cut before is untouched until it is released. */
  next(): Buffer {
    const block = this.#block;
    // Nobody uses a part of it: start over, while its start is in the processor's cache.
    if (block?.holders === 1) this.#used = 0;
    else if (block !== null && BLOCK_BYTES - this.#used < ROOM_BYTES_MIN) this.close();
    this.#block ??= this.#source.take();
    return this.#block.buffer.subarray(this.#used);
  }

  /** The bytes of the last read, to be released later. */
  cut(lengthBytes: number): Buffer {
    const block = this.#block;
    if (block === null) throw new Error('a read without memory');
    block.holders += 1;
    const start = this.#used;
    this.#used += lengthBytes;
    return block.buffer.subarray(start, this.#used);
  }

  /** After the last read. */
  close(): void {
    if (this.#block !== null) this.#source.drop(this.#block);
    this.#block = null;
    this.#used = 0;
  }
}
