/** Enough for the responses of small objects, of which hundreds of connections wait at a time. */
const FIRST_BLOCK_BYTES = 32 * 1024;
/** For a connection that has filled a block: a fast one fills it with most reads; a slow one cuts many chunks from it. */
const BLOCK_BYTES = 256 * 1024;
/** The least free space in a block for another read. */
const ROOM_BYTES_MIN = 16 * 1024;
/** The most unused blocks of a size to keep. */
const SPARE_BLOCKS_MAX = 64;

interface Block {
  readonly buffer: Buffer;
  /** Users of its chunks, plus the connection that reads into it. */
  holders: number;
}

/**
 * Reusable memory for connections to read into. Allocating for every read, as streams do, costs more than the reading,
 * because the system clears the memory and the garbage collector frees it.
 *
 * The last user of a chunk releases it; a chunk that is never released is garbage collected.
 */
export class BufferPool {
  readonly #spare = new Map<number, Block[]>([FIRST_BLOCK_BYTES, BLOCK_BYTES].map((size) => [size, []]));
  /** By `ArrayBuffer`, the only link from a chunk to its block. */
  readonly #blocks = new WeakMap<ArrayBufferLike, Block>();

  /** Memory for one connection. */
  openReads(): PooledReads {
    return new PooledReads({ take: (lengthBytes) => this.#take(lengthBytes), drop: (block) => this.#drop(block) });
  }

  /** Adds a user to the chunk's block, who must release it. */
  readonly retain = (chunk: Uint8Array): void => {
    const block = this.#blocks.get(chunk.buffer);
    if (block !== undefined) block.holders += 1;
  };

  /** Releases chunks, to be called once for each. Ignores chunks of other memory. */
  readonly release = (chunks: readonly Uint8Array[]): void => {
    for (const { buffer } of chunks) {
      const block = this.#blocks.get(buffer);
      if (block !== undefined) this.#drop(block);
    }
  };

  #take(lengthBytes: number): Block {
    const spare = this.#spare.get(lengthBytes)?.pop();
    if (spare !== undefined) {
      spare.holders = 1;
      return spare;
    }
    const block = { buffer: Buffer.allocUnsafeSlow(lengthBytes), holders: 1 };
    this.#blocks.set(block.buffer.buffer, block);
    return block;
  }

  #drop(block: Block): void {
    block.holders -= 1;
    if (block.holders < 0) throw new Error('memory was released twice, and may hold other bytes now');
    const spare = this.#spare.get(block.buffer.length);
    if (block.holders === 0 && spare !== undefined && spare.length < SPARE_BLOCKS_MAX) spare.push(block);
  }
}

interface BlockSource {
  readonly take: (lengthBytes: number) => Block;
  readonly drop: (block: Block) => void;
}

/** The memory that one connection reads into, chunk by chunk. */
export class PooledReads {
  readonly #source: BlockSource;
  #block: Block | null = null;
  #used = 0;
  #blockBytes = FIRST_BLOCK_BYTES;

  constructor(source: BlockSource) {
    this.#source = source;
  }

  /** Memory for the next read. Chunks cut earlier stay intact until released. */
  next(): Buffer {
    const block = this.#block;
    if (block !== null && block.buffer.length !== this.#blockBytes) this.close();
    // No chunk is in use: start over, because the block's start is likely still in the processor's cache.
    else if (block?.holders === 1) this.#used = 0;
    else if (block !== null && block.buffer.length - this.#used < ROOM_BYTES_MIN) this.close();
    this.#block ??= this.#source.take(this.#blockBytes);
    return this.#block.buffer.subarray(this.#used);
  }

  /** The chunk of the last read; the caller must release it. */
  cut(lengthBytes: number): Buffer {
    const block = this.#block;
    if (block === null) throw new Error('a read without memory');
    block.holders += 1;
    const start = this.#used;
    this.#used += lengthBytes;
    if (this.#used === block.buffer.length) this.#blockBytes = BLOCK_BYTES;
    return block.buffer.subarray(start, this.#used);
  }

  /** Call at the end of a response: while the connection waits for the next one, a large block is of use to another. */
  rest(): void {
    this.#blockBytes = FIRST_BLOCK_BYTES;
  }

  /** Call after the last read. */
  close(): void {
    if (this.#block !== null) this.#source.drop(this.#block);
    this.#block = null;
    this.#used = 0;
  }
}
