import type { KeySpan, SweepPage } from './sweep-item.ts';

/** The pages of one round: from after a key to the end, then from the beginning to that key; null starts at the beginning. */
export async function* sweepRound(
  select: (span: KeySpan) => AsyncIterable<SweepPage>,
  after: string | null,
): AsyncGenerator<SweepPage> {
  yield* select({ after, through: null });
  if (after !== null) yield* select({ after: null, through: after });
}

/** Stands for the beginning, which is also the end; no key is empty. */
const BEGINNING = '';

/**
 * The position of a round: all keys from its start to here are settled, in whatever order their spans were. Settled
 * spans after a gap are kept, one entry for each gap.
 */
export class RoundPosition {
  #at: string;
  readonly #throughs = new Map<string, string>();
  readonly #afters = new Map<string, string>();

  /** @param after the key before the first one; null for the beginning */
  constructor(after: string | null) {
    this.#at = after ?? BEGINNING;
  }

  /** The last settled key; null for the beginning, at the start and after a complete round. */
  get after(): string | null {
    return this.#at === BEGINNING ? null : this.#at;
  }

  settle({ after, through }: KeySpan): void {
    let from = after ?? BEGINNING;
    let to = through ?? BEGINNING;
    if (from === to) return;
    // A span that ends at the position is the end of the round, not its continuation.
    const before = from === this.#at ? undefined : this.#afters.get(from);
    if (before !== undefined) {
      this.#forget(before, from);
      from = before;
    }
    const behind = this.#throughs.get(to);
    if (behind !== undefined) {
      this.#forget(to, behind);
      to = behind;
    }
    if (from === this.#at) {
      this.#at = to;
      return;
    }
    this.#throughs.set(from, to);
    this.#afters.set(to, from);
  }

  /** Spans behind a gap. */
  get gaps(): number {
    return this.#throughs.size;
  }

  #forget(after: string, through: string): void {
    this.#throughs.delete(after);
    this.#afters.delete(through);
  }
}
