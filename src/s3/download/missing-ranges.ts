/** Bytes `start` up to, not including, `end`. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** A span that one request at a time is at; all before `at` has been written. */
export interface Piece extends ByteSpan {
  at: number;
}

/**
 * Which bytes of an object are here, which are being fetched and which nobody has taken yet. Pieces are cut as they are
 * taken, from the front: its size does not grow with the object's.
 */
export class MissingRanges {
  readonly #sizeBytes: number;
  /** Spans nobody has taken, in order. */
  #gaps: readonly ByteSpan[];
  readonly #pieces = new Set<Piece>();

  /** @param covered what is here already, of an earlier run; in any order */
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

  /** Lets go of a piece that is whole. */
  finish(piece: Piece): void {
    this.#pieces.delete(piece);
  }

  /** Forgets what was written: all is to be fetched again. A piece that is `kept` stays taken, from its start. */
  restart(kept?: Piece): void {
    this.#pieces.clear();
    this.#gaps = invertSpans(kept === undefined ? [] : [kept], this.#sizeBytes);
    if (kept === undefined) return;
    kept.at = kept.start;
    this.#pieces.add(kept);
  }

  /** Where the first byte is missing; the size when none is. */
  get frontier(): number {
    return this.#missing()[0]?.start ?? this.#sizeBytes;
  }

  /** What has been written, in order, neighbours joined. */
  covered(): readonly ByteSpan[] {
    return invertSpans(this.#missing(), this.#sizeBytes);
  }

  #missing(): readonly ByteSpan[] {
    const open = [...this.#pieces].filter(({ at, end }) => at < end).map(({ at, end }) => ({ start: at, end }));
    return [...open, ...this.#gaps].toSorted((a, b) => a.start - b.start);
  }
}

/** What of 0 to `sizeBytes` is in none of the spans. */
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
