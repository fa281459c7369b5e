/** Takes the framing off chunks: those of HTTP (RFC 9112, section 7.1), and those of `aws-chunked` within or without them. */
export class ChunkDecoder {
  /** The trailers, a line each. */
  readonly trailers: string[] = [];
  isDone = false;
  readonly #onPayload: (bytes: Buffer) => void;
  #left = 0;
  #line = '';
  #isTrailing = false;

  constructor(onPayload: (bytes: Buffer) => void) {
    this.#onPayload = onPayload;
  }

  /** How many of the bytes belong to the body. */
  take(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length && !this.isDone) {
      if (this.#left > 0) {
        const payload = bytes.subarray(at, at + this.#left);
        this.#left -= payload.length;
        at += payload.length;
        this.#onPayload(payload);
      } else {
        const end = bytes.indexOf('\n', at);
        this.#line += bytes.toString('latin1', at, end === -1 ? bytes.length : end);
        if (end === -1) return bytes.length;
        at = end + 1;
        this.#takeLine(this.#line.trimEnd());
        this.#line = '';
      }
    }
    return at;
  }

  /** An empty line ends a chunk, or all. The size of a chunk may be followed by its signature. */
  #takeLine(line: string): void {
    if (this.#isTrailing) {
      if (line === '') this.isDone = true;
      else this.trailers.push(line);
    } else if (line !== '') {
      this.#left = Number.parseInt(line, 16);
      this.#isTrailing = this.#left === 0;
    }
  }
}
