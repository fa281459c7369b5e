/** Bytes from `start` up to, but not including, `end`. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** A span fetched by one request at a time; everything before `at` has been written. */
export interface Piece extends ByteSpan {
  at: number;
  /** Released: what is left of it was given back, and another request brings it. */
  state: 'waiting' | 'receiving' | 'released';
}

/**
 * Tracks which bytes of an object have been written, are being fetched, or are not taken yet. Pieces are cut from the
 * front as they are taken, so memory does not grow with the object.
 */
export class MissingRanges {
  readonly #sizeBytes: number;
  /** Spans that are not taken, in order. */
  #gaps: readonly ByteSpan[];
  readonly #pieces = new Set<Piece>();

  /** @param covered spans fetched by an earlier run, in any order */
  constructor(sizeBytes: number, covered: readonly ByteSpan[] = []) {
    this.#sizeBytes = sizeBytes;
    this.#gaps = invertSpans(covered, sizeBytes);
  }

  /** The next bytes to fetch from `from` on, at most `lengthMax`; null when all are taken. */
  take(lengthMax: number, from = 0): Piece | null {
    const gap = this.#gaps.find(({ start }) => start >= from);
    if (gap === undefined) return null;
    const end = Math.min(gap.end, gap.start + lengthMax);
    const rest = end === gap.end ? [] : [{ start: end, end: gap.end }];
    this.#gaps = this.#gaps.flatMap((one) => (one === gap ? rest : [one]));
    const piece: Piece = { start: gap.start, end, at: gap.start, state: 'waiting' };
    this.#pieces.add(piece);
    return piece;
  }

  /** Gives back the pieces from `from` on that have been taken but are not arriving. */
  releaseWaiting(from: number): void {
    const waiting = [...this.#pieces].filter(({ state, at }) => state === 'waiting' && at >= from);
    for (const piece of waiting) {
      piece.state = 'released';
      this.#pieces.delete(piece);
    }
    const given = waiting.map(({ at, end }) => ({ start: at, end }));
    // Twice inverted, so that adjacent spans are joined.
    this.#gaps = invertSpans(invertSpans([...this.#gaps, ...given], this.#sizeBytes), this.#sizeBytes);
  }

  /** Whether nothing else is missing. */
  isLast(piece: Piece): boolean {
    return this.#gaps.length === 0 && [...this.#pieces].every((one) => one === piece || one.at === one.end);
  }

  /** Whether nothing is left to take. */
  get isTaken(): boolean {
    return this.#gaps.length === 0;
  }

  /** Forgets a complete piece. */
  finish(piece: Piece): void {
    this.#pieces.delete(piece);
  }

  /** Starts over. The piece `kept` stays taken, and starts at its beginning. */
  restart(kept?: Piece): void {
    this.#pieces.clear();
    this.#gaps = invertSpans(kept === undefined ? [] : [kept], this.#sizeBytes);
    if (kept === undefined) return;
    kept.at = kept.start;
    this.#pieces.add(kept);
  }

  /** The offset of the first missing byte; the size if none is. */
  get frontier(): number {
    return this.#missing()[0]?.start ?? this.#sizeBytes;
  }

  /** The written spans, in order, with adjacent ones joined. */
  covered(): readonly ByteSpan[] {
    return invertSpans(this.#missing(), this.#sizeBytes);
  }

  #missing(): readonly ByteSpan[] {
    const open = [...this.#pieces].filter(({ at, end }) => at < end).map(({ at, end }) => ({ start: at, end }));
    return [...open, ...this.#gaps].toSorted((a, b) => a.start - b.start);
  }
}

/** The gaps between the spans, from 0 to `sizeBytes`. */
function invertSpans(spans: readonly ByteSpan[], sizeBytes: number): readonly ByteSpan[] {
  const between: ByteSpan[] = [];
  let at = 0;
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    if (start > at) between.push({ start: at, end: start });
    at = Math.max(at, end);
  }
  if (at < sizeBytes) between.push({ start: at, end: sizeBytes });
  return between;
}
