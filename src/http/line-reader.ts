const NOTHING: Buffer = Buffer.alloc(0);

/** Finds lines in input that is split anywhere. Takes linear time, and keeps at most the longest line allowed. */
export class LineReader {
  /** The start of an incomplete line, in memory of its own, because that of the input is reused. */
  #held: Buffer = NOTHING;
  #heldBytes = 0;

  /**
   * The text before `mark`, and how many of `bytes` it uses with its mark. The text is null until the mark arrives.
   * @returns null if the text is longer than `lengthMax`, in bytes
   */
  takeUpTo(mark: string, bytes: Buffer, lengthMax: number): { text: string | null; used: number } | null {
    const heldBytes = this.#heldBytes;
    const all = heldBytes === 0 ? bytes : this.#hold(bytes.subarray(0, lengthMax + mark.length - heldBytes));
    const end = all.indexOf(mark, Math.max(0, heldBytes - mark.length + 1), 'latin1');
    if (end > lengthMax || (end === -1 && all.length - mark.length >= lengthMax)) return null;
    if (end === -1) {
      if (heldBytes === 0) this.#hold(bytes);
      return { text: null, used: bytes.length };
    }
    this.#held = NOTHING;
    this.#heldBytes = 0;
    return { text: all.toString('latin1', 0, end), used: end + mark.length - heldBytes };
  }

  /** @returns all that is held, with `bytes` as its end */
  #hold(bytes: Buffer): Buffer {
    const length = this.#heldBytes + bytes.length;
    if (length > this.#held.length) {
      // Twice as much as needed, so that a line in single bytes is not copied for each of them.
      const grown = Buffer.allocUnsafe(2 * length);
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    bytes.copy(this.#held, this.#heldBytes);
    this.#heldBytes = length;
    return this.#held.subarray(0, length);
  }
}
