import type { KeySpan, SweepPage } from './sweep-item.ts';

/** The pages of one round: from after `after` to the end, then from the start to `after` (null: the start). */
export async function* sweepRound(
  select: (span: KeySpan) => AsyncIterable<SweepPage>,
  after: string | null,
): AsyncGenerator<SweepPage> {
  yield* select({ after, through: null });
  if (after !== null) yield* select({ after: null, through: after });
}

/** The beginning, which is also the end. No key is empty. */
const BEGINNING = '';

/**
 * The position of a round: all keys from its start to here are settled, even if their spans completed out of order.
 * Settled spans after a gap are kept, one entry per gap.
 */
export class RoundPosition {
  #at: string;
  readonly #throughs = new Map<string, string>();
  readonly #afters = new Map<string, string>();

  /** @param after the key before the first one; null for the beginning */
  constructor(after: string | null) {
    this.#at = after ?? BEGINNING;
  }

  /** The last settled key; null for the beginning, both at the start and after a complete round. */
  get after(): string | null {
    return this.#at === BEGINNING ? null : this.#at;
  }

  settle({ after, through }: KeySpan): void {
    let from = after ?? BEGINNING;
    let to = through ?? BEGINNING;
    if (from === to) return;
    // A span that ends at the position ends the round rather than continuing it.
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

  /** The number of spans after a gap. */
  get gaps(): number {
    return this.#throughs.size;
  }

  #forget(after: string, through: string): void {
    this.#throughs.delete(after);
    this.#afters.delete(through);
  }
}
