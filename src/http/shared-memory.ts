/** Several bodies share one block, because allocating one takes longer than filling it. */
const BLOCK_BYTES = 128 * 1024;
/** Larger bodies have a block of their own, so that one of them keeps little else in memory. */
const SHARING_BYTES_MAX = 16 * 1024;

/** Memory for bytes that are kept for a while; it is freed when all who share a block have gone. */
export class SharedMemory {
  #block: Buffer = Buffer.alloc(0);

  take(lengthBytes: number): Buffer {
    if (lengthBytes > SHARING_BYTES_MAX) return Buffer.allocUnsafeSlow(lengthBytes);
    if (lengthBytes > this.#block.length) this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    const taken = this.#block.subarray(0, lengthBytes);
    this.#block = this.#block.subarray(lengthBytes);
    return taken;
  }
}
