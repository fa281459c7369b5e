import type { BreakwaterError, ErrorCode } from '../../errors.ts';
import { classify } from '../../retry/classify.ts';
import { bareEtag } from '../checksum/etag.ts';
import type { KeyResponse, UnclearResponse } from './delete-answer.ts';
import { fitsXml, identify, isReplaceable, readTarget, type DeleteTarget } from './delete-target.ts';

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
  /** Not requested, because the command was interrupted, reached its deadline or lost its claim first. */
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

/** Fails an attempt that left some keys. Throttling is reported first, because it concerns the whole store. */
export function throwLeft(settled: readonly (Stayed<DeleteTarget> | null)[]): void {
  const left = settled.filter((each) => each !== null);
  const [first] = left;
  if (first !== undefined) throw new KeysLeft(left.find(isThrottled) ?? first, left);
}

function isThrottled({ code, message }: Pick<Stayed<DeleteTarget>, 'code' | 'message'>): boolean {
  return classify({ Code: code, message }).isThrottled;
}

/** A key whose result only a look can settle, with what the store said of it. */
export interface Doubt<T> {
  readonly item: T;
  readonly response: UnclearResponse | { readonly kind: 'changed' };
}

/** What ends a batch through no fault of its own: a signal, the time, or another process that has taken over the sweep. */
const ENDS_FROM_OUTSIDE: ReadonlySet<ErrorCode> = new Set(['interrupted', 'deadline', 'locked']);

/** The keys of one batch, with the results so far. */
export class BatchWork<T extends DeleteTarget> {
  readonly #pending: Map<string, T>;
  readonly #doubts = new Map<string, Doubt<T>>();
  /** Conditions that a look has shown to be right, in place of the listed ETag; null for none. */
  readonly #conditions = new Map<string, string | null>();
  readonly #deleted: T[] = [];
  readonly #changed: T[] = [];
  readonly #stayed: Stayed<T>[] = [];
  readonly #tried = new Set<string>();
  /** Keys that a store refused in a batch of their own. */
  readonly #alone = new Set<string>();

  constructor(items: readonly T[]) {
    this.#pending = new Map(items.map((item) => [identify(item), item]));
  }

  /** The keys without a result. */
  get pending(): readonly T[] {
    return [...this.#pending.values()];
  }

  get doubts(): readonly Doubt<T>[] {
    return [...this.#doubts.values()];
  }

  get deleted(): readonly T[] {
    return this.#deleted;
  }

  isPending(item: DeleteTarget): boolean {
    return this.#pending.has(identify(item));
  }

  /** Whether a key can be in a batch with others. */
  isJoinable(item: DeleteTarget): boolean {
    return fitsXml(item) && !this.#alone.has(identify(item));
  }

  /** Lets a key be deleted by a request of its own. */
  setApart(item: DeleteTarget): void {
    this.#alone.add(identify(item));
  }

  /** What to send for one key. */
  targetOf(item: DeleteTarget, isBare: boolean): DeleteTarget {
    const condition = this.#conditions.get(identify(item));
    const target = readTarget(item, isBare);
    return condition === undefined || isBare ? target : { ...target, etag: condition };
  }

  /** The best key to test the store with: preferably one whose delete has a condition. */
  findTrial(): T | undefined {
    const fitting = this.pending.filter((item) => this.isJoinable(item));
    return fitting.find(hasCondition) ?? fitting[0];
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
    else if (response.kind === 'failed') this.#stayed.push({ item, code: response.code, message: response.message });
    else this.#doubts.set(id, { item, response });
    return null;
  }

  /** Records what a look has shown of a key in doubt. */
  resolve({ item }: Doubt<T>, result: DoubtResult): void {
    const id = identify(item);
    this.#doubts.delete(id);
    this.#pending.set(id, item);
    if (result.kind !== 'again') this.drop(item, result);
    else if (result.etag !== undefined) this.#conditions.set(id, result.etag);
  }

  /** Records what a look has shown of a pending key that is not to be deleted. */
  drop(item: T, result: DropResult): void {
    const id = identify(item);
    if (result.kind !== 'changed') this.settle(id, result);
    else if (this.#pending.delete(id)) this.#changed.push(item);
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
    for (const doubt of this.doubts) {
      const { response } = doubt;
      this.resolve(doubt, response.kind === 'changed' ? response : { ...response, kind: 'failed', isTransient: false });
    }
    const isOver = error !== null && ENDS_FROM_OUTSIDE.has(error.code);
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

/** A result that needs no look. */
export type DropResult = Exclude<KeyResponse, UnclearResponse>;

/** What a look has shown: a result, or that the key is to be deleted again. */
export type DoubtResult =
  | DropResult
  /** With this ETag as its condition (null: none), or with the same as before. */
  | { readonly kind: 'again'; readonly etag?: string | null };

/** Whether the delete of an item is sent with an ETag, if the store takes them. */
export function hasCondition(item: DeleteTarget): boolean {
  const { etag } = item;
  // The longest form of an empty one is `W/""`.
  return isReplaceable(item) && etag !== null && (etag.length > 4 || bareEtag(etag) !== '');
}
