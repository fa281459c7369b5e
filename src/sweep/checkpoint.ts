import type { UnfinishedWork } from '../unfinished-work.ts';
import type { Clock } from '../clock.ts';
import { RoundPosition } from './round.ts';
import type { KeySpan } from './sweep-item.ts';

/** How often a running sweep writes down how far it is, in ms. */
const SAVED_EVERY_MS = 10_000;

interface CheckpointOptions {
  readonly unfinished: Pick<UnfinishedWork, 'read' | 'save' | 'remove'>;
  readonly id: string;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * Where the next sweep of a prefix begins, kept in the local state.
 *
 * It orders the work and nothing else: every sweep goes the whole round, so that a checkpoint that is old, lost or ahead
 * of what was really deleted leaves nothing out. Without it, a sweep that never gets through in its time would look
 * at the same young or undeletable keys every night, and never at those behind them.
 */
export class SweepCheckpoint {
  readonly #options: CheckpointOptions;
  readonly #position: RoundPosition;
  #savedAtMs: number;
  /** The last write; they come one after the other. */
  #writing: Promise<void> = Promise.resolve();
  /** The key behind which this sweep begins; null for the first. */
  readonly after: string | null;

  private constructor(options: CheckpointOptions, after: string | null) {
    this.#options = options;
    this.after = after;
    this.#position = new RoundPosition(after);
    this.#savedAtMs = options.clock.monotonic();
  }

  static async open(options: CheckpointOptions): Promise<SweepCheckpoint> {
    return new SweepCheckpoint(options, parseCheckpoint(await options.unfinished.read(options.id)));
  }

  /** Everything in it has been asked for. */
  settle(span: KeySpan): void {
    this.#position.settle(span);
    const nowMs = this.#options.clock.monotonic();
    if (nowMs - this.#savedAtMs < SAVED_EVERY_MS) return;
    this.#savedAtMs = nowMs;
    this.#write(this.#position.after);
  }

  /** Writes down where the next sweep begins: at the first key where this one has gone round. */
  async close({ isComplete }: { readonly isComplete: boolean }): Promise<void> {
    this.#write(isComplete ? null : this.#position.after);
    await this.#writing;
  }

  #write(after: string | null): void {
    const { unfinished, id } = this.#options;
    this.#writing = this.#writing.then(async () => {
      await (after === null ? unfinished.remove(id) : unfinished.save(id, { after }));
    });
  }
}

/** Null for whatever is no checkpoint: the sweep then begins at the first key. */
export function parseCheckpoint(document: unknown): string | null {
  if (typeof document !== 'object' || document === null || !('after' in document)) return null;
  return typeof document.after === 'string' && document.after !== '' ? document.after : null;
}
