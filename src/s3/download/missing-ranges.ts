/** Bytes from `start` up to, but not including, `end`. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** A span that one request at a time fetches; everything before `at` has been written. */
export interface Piece extends ByteSpan {
  at: number;
}

/**
 * Which bytes of an object have been written, which are being fetched, and which are not taken yet. Pieces are cut from
 * the front as they are taken, so the memory does not grow with the object.
 */
export class MissingRanges {
  readonly #sizeBytes: number;
  /** Spans that are not taken, in order. */
  #gaps: readonly ByteSpan[];
  readonly #pieces = new Set<Piece>();

  /** @param covered what an earlier run fetched; in any order */
  constructor(sizeBytes: number, covered: readonly ByteSpan[] = []) {
    this.#sizeBytes = sizeBytes;
    this.#gaps = invertSpans(covered, sizeBytes);
  }

  /** The next bytes to fetch, at most `lengthMax`; null when all are taken. */
  take(lengthMax: number): Piece | null {
    const [gap, ...rest] = this.#gaps;
    if (gap === undefined) return null;
    const end = Math.min(gap.end, gap.start + lengthMax);
    this.#gaps = end === gap.end ? rest : [{ start: end, end: gap.end }, ...rest];
    const piece = { start: gap.start, end, at: gap.start };
    this.#pieces.add(piece);
    return piece;
  }

  /** Nothing is left to take. */
  get isTaken(): boolean {
    return this.#gaps.length === 0;
  }

  /** Forgets a piece that is complete. */
  finish(piece: Piece): void {
    this.#pieces.delete(piece);
  }

  /** Forgets what was written, because all of it is fetched again. A piece that is `kept` stays taken, from its start. */
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

  /** What has been written, in order, with adjacent spans joined. */
  covered(): readonly ByteSpan[] {
    return invertSpans(this.#missing(), this.#sizeBytes);
  }

  #missing(): readonly ByteSpan[] {
    const open = [...this.#pieces].filter(({ at, end }) => at < end).map(({ at, end }) => ({ start: at, end }));
    return [...open, ...this.#gaps].toSorted((a, b) => a.start - b.start);
  }
}

/** The parts of 0 to `sizeBytes` that are in none of the spans. */
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
