/** The smallest buffer; smaller requests get one of this size. */
const BYTES_MIN = 4 * 1024;

/** What all unused buffers may hold together; more than the usual 64 files of a few KiB at a time need. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Memory for small files, used again for the next one: a new buffer for each of thousands of files keeps the garbage
 * collector busy. Sizes are powers of two, so that any unused buffer of a size fits.
 */
export class SmallBuffers {
  readonly #unused = new Map<number, Buffer[]>();
  #keptBytes = 0;

  /** At least so many bytes, with any content. */
  take(bytes: number): Buffer {
    const size = sizeFor(bytes);
    const unused = this.#unused.get(size)?.pop();
    if (unused === undefined) return Buffer.allocUnsafeSlow(size);
    this.#keptBytes -= size;
    return unused;
  }

  /** Gives back a buffer from `take`; call only when nothing reads it any more. */
  give(buffer: Buffer): void {
    const size = buffer.length;
    if (this.#keptBytes + size > KEPT_BYTES_MAX) return;
    this.#keptBytes += size;
    const unused = this.#unused.get(size);
    if (unused === undefined) this.#unused.set(size, [buffer]);
    else unused.push(buffer);
  }
}

function sizeFor(bytes: number): number {
  return bytes <= BYTES_MIN ? BYTES_MIN : 2 ** (32 - Math.clz32(bytes - 1));
}
