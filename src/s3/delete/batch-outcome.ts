import type { BreakwaterError } from '../../errors.ts';
import { fitsXml, identify, type DeleteTarget, type KeyResponse } from './delete-request.ts';

/** A key that was not deleted, with the reason. */
export interface Stayed<T> {
  readonly item: T;
  readonly code: string;
  readonly message: string;
}

/** The outcome of a batch. Every item is in exactly one of the lists. */
export interface BatchOutcome<T> {
  /** Deleted, or already missing. */
  readonly deleted: readonly T[];
  /** Kept, because they were overwritten meanwhile. */
  readonly changed: readonly T[];
  readonly stayed: readonly Stayed<T>[];
  /** Not requested, because the command was interrupted or reached its deadline first. */
  readonly untried: readonly T[];
  /** Why the batch ended before every key had a result; null if every key has one. */
  readonly error: BreakwaterError | null;
}

/** Keys with a transient error inside a 200. Thrown so that the retry chain treats it like any error of S3. */
export class KeysLeft<T extends DeleteTarget = DeleteTarget> extends Error {
  override readonly name = 'KeysLeft';
  /** The code of the first key, or of the first throttled one. */
  readonly Code: string;
  readonly left: readonly Stayed<T>[];

  constructor({ code, message }: Pick<Stayed<T>, 'code' | 'message'>, left: readonly Stayed<T>[]) {
    super(message);
    this.Code = code;
    this.left = left;
  }
}

/** The keys of one batch, with the results so far. */
export class BatchWork<T extends DeleteTarget> {
  readonly #pending: Map<string, T>;
  readonly #deleted: T[] = [];
  readonly #changed: T[] = [];
  readonly #stayed: Stayed<T>[] = [];
  readonly #tried = new Set<string>();

  constructor(items: readonly T[]) {
    this.#pending = new Map(items.map((item) => [identify(item), item]));
  }

  /** The keys without a result. */
  get pending(): readonly T[] {
    return [...this.#pending.values()];
  }

  /** The best key to test the store with: preferably one with a known ETag. */
  findTrial(): T | undefined {
    const fitting = this.pending.filter(fitsXml);
    return fitting.find(({ etag, versionId }) => etag !== null && versionId === null) ?? fitting[0];
  }

  /** Records a result. @returns the key if its error is transient and it is still pending; otherwise null */
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

  /** Call when a request for the targets is sent. */
  markTried(targets: readonly DeleteTarget[]): void {
    for (const target of targets) this.#tried.add(identify(target));
  }

  /** Records keys as failed after the last retry. */
  giveUp(left: readonly { readonly item: DeleteTarget; readonly code: string; readonly message: string }[]): void {
    for (const { item, code, message } of left) {
      this.settle(identify(item), { kind: 'failed', code, message, isTransient: false });
    }
  }

  /** The outcome. Keys without a result count as untried, or as not deleted for the reason that ended the batch. */
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
