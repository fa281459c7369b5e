import { BreakwaterError, type ErrorCode } from '../errors.ts';

/** The most failures that are kept by name; the rest are only counted. */
const FAILURES_NAMED_MAX = 100;

export interface ItemFailure {
  readonly name: string;
  readonly error: BreakwaterError;
}

export interface ManyResult {
  readonly done: number;
  /** Were there already, and left as they are. */
  readonly skipped: number;
  readonly bytes: number;
  readonly failed: number;
  /** The first ones, in the order in which they failed. */
  readonly failures: readonly ItemFailure[];
  /** What ended the run before its last item; null when it went through. */
  readonly ended: BreakwaterError | null;
}

/** How one item went well. */
export interface ItemDone {
  readonly bytes: number;
  /** It was there already: nothing was moved. @default false */
  readonly isSkipped?: boolean;
}

/** What ends a run of many at once, whatever is left: the next item would meet the same. */
const ENDS_THE_RUN: ReadonlySet<ErrorCode> = new Set(['circuit_open', 'interrupted', 'deadline', 'config', 'internal']);

export interface RunManyOptions {
  /** Items at a time; what they hold together is bounded by the slots of the command. */
  readonly objectsInFlight: number;
  /** The command's own: the signal that each transfer is given aborts with it too. */
  readonly signal?: AbortSignal;
}

/**
 * Runs `transfer` over many items, a bounded number at a time; one failed item does not stop the others. What means
 * that no further item can succeed ends the run at once: the signal that each transfer is given aborts with it.
 * @returns with `ended` set where something had been done before the run was ended
 * @throws BreakwaterError when the run was ended before anything was done; anything else as it is
 */
export async function runMany<T extends { readonly name: string }>(
  items: AsyncIterable<T>,
  transfer: (item: T, signal: AbortSignal) => Promise<ItemDone>,
  { objectsInFlight, signal }: RunManyOptions,
): Promise<ManyResult> {
  const tally = { done: 0, skipped: 0, bytes: 0, failed: 0, failures: [] as ItemFailure[] };
  const iterator = items[Symbol.asyncIterator]();
  const stop = new AbortController();
  const over = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const run: { ended: { error: unknown } | null } = { ended: null };
  // One source, many takers: an async generator queues its `next` calls, so no item is taken twice.
  const work = async (): Promise<void> => {
    for (;;) {
      if (run.ended !== null) return;
      const next = await iterator.next();
      if (next.done === true) return;
      try {
        const { bytes, isSkipped = false } = await transfer(next.value, over);
        if (isSkipped) tally.skipped += 1;
        else tally.done += 1;
        tally.bytes += bytes;
      } catch (error) {
        if (!(error instanceof BreakwaterError) || ENDS_THE_RUN.has(error.code)) throw error;
        tally.failed += 1;
        if (tally.failures.length < FAILURES_NAMED_MAX) tally.failures.push({ name: next.value.name, error });
      }
    }
  };
  const workers = Array.from({ length: objectsInFlight }, async () => {
    try {
      await work();
    } catch (error) {
      run.ended ??= { error };
      stop.abort(error);
    }
  });
  await Promise.all(workers);
  await iterator.return?.();
  if (run.ended === null) return { ...tally, ended: null };
  const { error } = run.ended;
  const isBegun = tally.done + tally.skipped + tally.failed > 0;
  if (!isBegun || !(error instanceof BreakwaterError) || error.code === 'internal') throw error;
  return { ...tally, ended: error };
}
