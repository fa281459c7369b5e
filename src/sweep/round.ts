import type { KeySpan, SweepPage } from './sweep-item.ts';

/** The pages of one round: from after a key to the end, then from the beginning to that key; null starts at the beginning. */
export async function* sweepRound(
  select: (span: KeySpan) => AsyncIterable<SweepPage>,
  after: string | null,
): AsyncGenerator<SweepPage> {
  yield* select({ after, through: null });
  if (after !== null) yield* select({ after: null, through: after });
}

/** How the beginning, which is also the end, is written among the keys: no key is empty. */
const BEGINNING = '';

/**
 * How far a round has come: all keys from where it began up to here are settled, whatever the order in which their
 * spans came. What is settled further on is kept as one entry for each gap.
 */
export class RoundPosition {
  #at: string;
  readonly #throughs = new Map<string, string>();
  readonly #afters = new Map<string, string>();

  /** @param after where it begins; null for the beginning */
  constructor(after: string | null) {
    this.#at = after ?? BEGINNING;
  }

  /** The last settled key; null for the beginning, also when the round has come there again. */
  get after(): string | null {
    return this.#at === BEGINNING ? null : this.#at;
  }

  settle({ after, through }: KeySpan): void {
    let from = after ?? BEGINNING;
    let to = through ?? BEGINNING;
    if (from === to) return;
    // What comes before the position is the far end of the round, also where both are settled.
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

  /** Spans that wait for what is before them. */
  get gaps(): number {
    return this.#throughs.size;
  }

  #forget(after: string, through: string): void {
    this.#throughs.delete(after);
    this.#afters.delete(through);
  }
}
