import type { BreakwaterError } from '../../errors.ts';
import { fitsXml, identify, type DeleteTarget, type KeyResponse } from './delete-request.ts';

/** A key that is still there, and why. */
export interface Stayed<T> {
  readonly item: T;
  readonly code: string;
  readonly message: string;
}

/** What became of every item of a batch: each is in exactly one of the lists. */
export interface BatchOutcome<T> {
  /** Gone: deleted by us, or gone before. */
  readonly deleted: readonly T[];
  /** Overwritten since: left alone. */
  readonly changed: readonly T[];
  readonly stayed: readonly Stayed<T>[];
  /** Never asked for, because the command was interrupted or its time was over before their turn came. */
  readonly untried: readonly T[];
  /** Why the batch ended before each of its keys had a response of its own; null where it did not. */
  readonly error: BreakwaterError | null;
}

/** Keys that failed for a moment, inside a 200: they carry the chain on, as S3's error does elsewhere. */
export class KeysLeft<T extends DeleteTarget = DeleteTarget> extends Error {
  override readonly name = 'KeysLeft';
  /** Of the first of them; throttling counts for all. */
  readonly Code: string;
  readonly left: readonly Stayed<T>[];

  constructor({ code, message }: Pick<Stayed<T>, 'code' | 'message'>, left: readonly Stayed<T>[]) {
    super(message);
    this.Code = code;
    this.left = left;
  }
}

/** The keys of one batch on their way to a response. */
export class BatchWork<T extends DeleteTarget> {
  readonly #pending: Map<string, T>;
  readonly #deleted: T[] = [];
  readonly #changed: T[] = [];
  readonly #stayed: Stayed<T>[] = [];
  readonly #tried = new Set<string>();

  constructor(items: readonly T[]) {
    this.#pending = new Map(items.map((item) => [identify(item), item]));
  }

  /** Those without a response. */
  get pending(): readonly T[] {
    return [...this.#pending.values()];
  }

  /** The key that teaches most about the store: one whose ETag is known. */
  findTrial(): T | undefined {
    const fitting = this.pending.filter(fitsXml);
    return fitting.find(({ etag, versionId }) => etag !== null && versionId === null) ?? fitting[0];
  }

  /** Takes a response. @returns a key that failed for a moment and is still pending; null for every other */
  settle(id: string, response: KeyResponse): Stayed<T> | null {
    const item = this.#pending.get(id);
    if (item === undefined) return null;
    if (response.kind === 'failed' && response.isTransient) {
      return { item, code: response.code, message: response.message };
    }
    this.#pending.delete(id);
    if (response.kind === 'deleted') this.#deleted.push(item);
    else if (response.kind === 'changed') this.#changed.push(item);
    else this.#stayed.push({ item, code: response.code, message: response.message });
    return null;
  }

  /** A request for them goes out. */
  markTried(targets: readonly DeleteTarget[]): void {
    for (const target of targets) this.#tried.add(identify(target));
  }

  /** They have outlasted the retries. */
  giveUp(left: readonly { readonly item: DeleteTarget; readonly code: string; readonly message: string }[]): void {
    for (const { item, code, message } of left) {
      this.settle(identify(item), { kind: 'failed', code, message, isTransient: false });
    }
  }

  /** What became of it; keys without a response stay, for the reason that ended the batch, or were never tried. */
  end(error: BreakwaterError | null): BatchOutcome<T> {
    const isOver = error?.code === 'interrupted' || error?.code === 'deadline';
    const untried = isOver ? this.pending.filter((item) => !this.#tried.has(identify(item))) : [];
    if (error !== null) {
      for (const item of untried) this.#pending.delete(identify(item));
      const { s3Code, reason } = error.details;
      const code = s3Code ?? (isOver ? error.code : (reason ?? error.code));
      this.giveUp(this.pending.map((item) => ({ item, code, message: error.message })));
    }
    return { deleted: this.#deleted, changed: this.#changed, stayed: this.#stayed, untried, error };
  }
}
