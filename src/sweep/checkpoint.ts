import type { UnfinishedWork } from '../unfinished-work.ts';
import type { Clock } from '../clock.ts';
import { RoundPosition } from './round.ts';
import type { KeySpan } from './sweep-item.ts';

/** How often a running sweep saves its position, in ms. */
const SAVED_EVERY_MS = 10_000;

interface CheckpointOptions {
  readonly unfinished: Pick<UnfinishedWork, 'read' | 'save' | 'remove'>;
  readonly id: string;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * The saved position from which the next sweep of a prefix starts.
 *
 * It only changes the order: every sweep goes through all keys, so an old, lost or wrong checkpoint skips nothing.
 * Without it, a sweep that always runs out of time would check the same keys every night and never reach the others.
 */
export class SweepCheckpoint {
  readonly #options: CheckpointOptions;
  readonly #position: RoundPosition;
  #savedAtMs: number;
  /** The last write. Writes run in sequence. */
  #writing: Promise<void> = Promise.resolve();
  /** This sweep starts after this key; null for the first key. */
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

  /** Records that every key in the span has been processed. */
  settle(span: KeySpan): void {
    this.#position.settle(span);
    const nowMs = this.#options.clock.monotonic();
    if (nowMs - this.#savedAtMs < SAVED_EVERY_MS) return;
    this.#savedAtMs = nowMs;
    this.#write(this.#position.after);
  }

  /** Saves where the next sweep starts; after a complete round that is the first key. */
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

/** Null for an invalid checkpoint, so that the sweep starts at the first key. */
export function parseCheckpoint(document: unknown): string | null {
  if (typeof document !== 'object' || document === null || !('after' in document)) return null;
  return typeof document.after === 'string' && document.after !== '' ? document.after : null;
}
