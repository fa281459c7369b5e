import { DELETE_BATCH_MAX } from '../s3/protocol/limits.ts';
import type { Stayed } from '../s3/delete/batch-outcome.ts';
import type { ObjectStore } from '../s3/object-store.ts';
import { BreakwaterError, type ErrorCode } from '../errors.ts';
import type { EventSink } from '../events.ts';
import { takenOverError } from './claim-sweep.ts';
import { deniedError, DENIED_MAX, explainDenial } from './denied-sweep.ts';
import type { KeySpan, SweepItem, SweepPage } from './sweep-item.ts';
import { findLimit, type LimitReached, type SweepLimits } from './sweep-limits.ts';
import { addToTally, EMPTY_TALLY, nameLeft, sumBytes, UNKNOWN_AGE, type LeftObject, type SweepTally } from './tally.ts';
import { isTimeOver } from './time-is-over.ts';
import { untilAborted } from '../abort.ts';

/** Batches open at once, including those waiting for a retry. Bounds memory; s3/ bounds the requests. */
const OPEN_BATCHES_MAX = 32;

/** Pages that may wait for a batch to fill when few of their keys match. */
const PAGES_WAITING_MAX = 64;

export interface SweepRequest {
  readonly bucket: string;
  readonly prefix: string;
  readonly limits: SweepLimits;
}

export interface SweepContext {
  readonly store: Pick<ObjectStore, 'deleteBatch'>;
  readonly emit: EventSink;
  /** Aborting stops new batches; open batches finish. The reason is a BreakwaterError. */
  readonly signal: AbortSignal;
  /** Called with the undeleted objects of each batch; the sweep waits for it. */
  readonly onLeft: (left: readonly LeftObject[]) => Promise<void>;
  /** Called when every key in a span has been processed. */
  readonly onSettled: (span: KeySpan) => void;
  /** False after another process has taken over this sweep. */
  readonly isOurs: () => boolean;
}

export type SweepEnding =
  /** Every key was processed. Undeleted objects are left for the next sweep. */
  | { readonly kind: 'complete' }
  | {
      readonly kind: 'limit';
      readonly limit: LimitReached;
      /** Exceeds the limit by itself: the next sweep stops there too. */
      readonly blockedBy?: SweepItem;
    }
  /** The time limit has passed. */
  | { readonly kind: 'time' }
  | { readonly kind: 'failed'; readonly error: BreakwaterError };

export interface SweepResult {
  readonly tally: SweepTally;
  readonly ending: SweepEnding;
}

/**
 * Deletes items in batches while further pages are read. Best effort, without a circuit: undeleted objects are counted,
 * named and retried by the next sweep.
 * @throws only errors other than BreakwaterError, which are bugs; every other ending is in the result with the counts
 */
export async function sweep(
  pages: AsyncIterable<SweepPage>,
  request: SweepRequest,
  context: SweepContext,
): Promise<SweepResult> {
  const { tally, ending } = await new SweepRun(request, context).run(pages);
  const { bucket } = request;
  if (ending.kind === 'complete') {
    const { deleted, failed } = tally;
    context.emit({ kind: 'sweep_finished', bucket, deleted, failed });
  }
  return { tally, ending };
}

/** Errors after which every further batch would fail too. */
const ENDS_THE_SWEEP: ReadonlySet<ErrorCode> = new Set([
  'interrupted',
  'deadline',
  'config',
  'internal',
  'locked',
  'access_denied',
  'not_found',
]);

class SweepRun {
  readonly #request: SweepRequest;
  readonly #context: SweepContext;
  readonly #open = new Set<Promise<void>>();
  /** Aborted when the sweep ends early. */
  readonly #halt = new AbortController();
  #tally = EMPTY_TALLY;
  /** Items kept without a request. */
  #unknownAge = 0;
  #hasUnreadable = false;
  #hasReadable = false;
  /** Items to delete on the pages read so far, and those of them that have a result. */
  #selected = 0;
  #settled = 0;
  #asked = { objects: 0, bytes: 0 };
  #batch: SweepItem[] = [];
  /** Settled when the current batch has its response. */
  #spans: KeySpan[] = [];
  #ending: SweepEnding | null = null;
  #bug: { readonly error: unknown } | null = null;

  constructor(request: SweepRequest, context: SweepContext) {
    this.#request = request;
    this.#context = context;
  }

  async run(pages: AsyncIterable<SweepPage>): Promise<SweepResult> {
    try {
      await this.#read(pages);
    } catch (error) {
      this.#fail(error);
    }
    await Promise.all(this.#open);
    // What was counted is only a part, if another process went on with the rest.
    if (!this.#context.isOurs()) this.#fail(takenOverError(this.#request));
    if (this.#bug !== null) throw this.#bug.error;
    if (this.#isAllDenied && this.#ending?.kind !== 'failed') {
      this.#ending = { kind: 'failed', error: deniedError(this.#request, this.#tally) };
    }
    const ending = this.#ending ?? { kind: 'complete' };
    // A limit is reached by design, and nobody knows how much is behind it.
    const notTried = ending.kind === 'limit' ? 0 : this.#selected - this.#settled;
    return { tally: { ...this.#tally, notTried }, ending };
  }

  /** So far; items that nobody asked for do not count, and a key that could be read shows that not all are denied. */
  get #isAllDenied(): boolean {
    const { denied, matched } = this.#tally;
    return denied > 0 && denied === matched - this.#unknownAge && !(this.#hasUnreadable && this.#hasReadable);
  }

  async #read(pages: AsyncIterable<SweepPage>): Promise<void> {
    const signal = AbortSignal.any([this.#context.signal, this.#halt.signal]);
    for await (const page of untilAborted(pages, signal)) {
      this.#selected += page.items.length;
      this.#unknownAge += page.unknownAge.length;
      this.#hasUnreadable ||= page.unreadable.length > 0;
      this.#hasReadable ||= page.isReadable;
      const kept = page.unknownAge.map((item) => ({ item, ...UNKNOWN_AGE }));
      if (kept.length + page.unreadable.length > 0) await this.#leave([...kept, ...page.unreadable]);
      for (const item of page.items) {
        const limit = findLimit(this.#asked, item, this.#request.limits);
        if (limit !== null) {
          await this.#flush();
          this.#end({ kind: 'limit', limit, ...(this.#asked.objects === 0 ? { blockedBy: item } : {}) });
          return;
        }
        this.#asked = { objects: this.#asked.objects + 1, bytes: this.#asked.bytes + (item.sizeBytes ?? 0) };
        this.#batch.push(item);
        if (this.#batch.length === DELETE_BATCH_MAX) await this.#flush();
        if (signal.aborted) break;
      }
      if (signal.aborted) break;
      if (page.span !== null) this.#spans.push(page.span);
      // A batch fills while others are open. If none is open, it is sent at once: otherwise a sweep with few matches
      // and little time would never delete anything.
      const isIdle = this.#batch.length === 0 || this.#open.size === 0;
      if (isIdle || this.#spans.length >= PAGES_WAITING_MAX) await this.#flush();
    }
    if (this.#context.signal.aborted) this.#fail(this.#context.signal.reason);
    else await this.#flush();
  }

  /** Sends the current batch when there is room. After the end, drops it for the next sweep. */
  async #flush(): Promise<void> {
    const [batch, spans] = [this.#batch, this.#spans];
    [this.#batch, this.#spans] = [[], []];
    while (batch.length > 0 && this.#open.size >= OPEN_BATCHES_MAX) await Promise.race(this.#open);
    if (this.#halt.signal.aborted || this.#context.signal.aborted) return;
    if (!this.#context.isOurs()) {
      this.#fail(takenOverError(this.#request));
      return;
    }
    if (batch.length > 0) this.#start(batch, spans);
    else this.#settle(spans);
  }

  #start(batch: readonly SweepItem[], spans: readonly KeySpan[]): void {
    const deleting: Promise<void> = this.#delete(batch, spans)
      .catch((error: unknown) => this.#fail(explainDenial(error, this.#request)))
      .finally(() => this.#open.delete(deleting));
    this.#open.add(deleting);
  }

  async #delete(items: readonly SweepItem[], spans: readonly KeySpan[]): Promise<void> {
    const { bucket } = this.#request;
    const { store, emit, onLeft } = this.#context;
    const outcome = await store.deleteBatch({ bucket, items });
    this.#tally = addToTally(this.#tally, outcome);
    const { deleted, changed, stayed, untried, error } = outcome;
    this.#settled += items.length - untried.length;
    if (untried.length === 0) this.#settle(spans);
    emit({
      kind: 'objects_swept',
      bucket,
      matched: items.length - untried.length,
      deleted: deleted.length,
      changed: changed.length,
      failed: stayed.length,
      bytes: sumBytes(deleted),
    });
    if (stayed.length > 0) await onLeft(nameLeft(stayed));
    if (error !== null && ENDS_THE_SWEEP.has(error.code)) this.#fail(explainDenial(error, this.#request));
    this.#stopIfDenied();
  }

  /** Counts and names the items for which no delete is sent. */
  async #leave(stayed: readonly Stayed<SweepItem>[]): Promise<void> {
    const { emit, onLeft } = this.#context;
    this.#tally = addToTally(this.#tally, { deleted: [], changed: [], stayed });
    const { bucket } = this.#request;
    const { length } = stayed;
    emit({ kind: 'objects_swept', bucket, matched: length, deleted: 0, changed: 0, failed: length, bytes: 0 });
    await onLeft(nameLeft(stayed));
    this.#stopIfDenied();
  }

  /** The permissions are missing rather than some of the keys protected. */
  #stopIfDenied(): void {
    if (this.#tally.denied >= DENIED_MAX && this.#isAllDenied) this.#fail(deniedError(this.#request, this.#tally));
  }

  #settle(spans: readonly KeySpan[]): void {
    for (const span of spans) this.#context.onSettled(span);
  }

  #fail(error: unknown): void {
    const { signal } = this.#context;
    const why: unknown = signal.aborted ? signal.reason : error;
    if (!(why instanceof BreakwaterError)) {
      this.#bug ??= { error: why };
      this.#halt.abort();
      return;
    }
    this.#end(isTimeOver(why) ? { kind: 'time' } : { kind: 'failed', error: why });
  }

  /** Only the first ending counts. */
  #end(ending: SweepEnding): void {
    this.#ending ??= ending;
    this.#halt.abort();
  }
}
