/**
 * Gives the memory of chunks back at once. To the collector they are small things: it lets a hundred megabytes of them
 * gather before it looks, and spends a good part of the time of a large transfer. Only what fills its buffer alone: the
 * rest of one may be in use.
 */
export function freeChunks(chunks: readonly Uint8Array[]): void {
  for (const { buffer, byteLength } of chunks) {
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
  }
}
