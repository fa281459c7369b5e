import { BreakwaterError, type ErrorCode } from '../errors.ts';

/** Objects in flight at once; with the parts of each it bounds memory. */
export const OBJECTS_IN_FLIGHT = 4;

/** The most failures that are kept by name; the rest are only counted. */
const FAILURES_NAMED_MAX = 100;

export interface ItemFailure {
  readonly name: string;
  readonly error: BreakwaterError;
}

export interface ManyResult {
  readonly done: number;
  readonly bytes: number;
  readonly failed: number;
  /** The first ones, in the order in which they failed. */
  readonly failures: readonly ItemFailure[];
}

/** What ends a run of many at once, whatever is left: the next item would meet the same. */
const ENDS_THE_RUN: ReadonlySet<ErrorCode> = new Set(['circuit_open', 'interrupted', 'deadline', 'config', 'internal']);

/**
 * Runs `transfer` over many items, a bounded number at a time; one failed item does not stop the others.
 * @throws BreakwaterError as soon as an error means that no further item can succeed
 */
export async function runMany<T extends { readonly name: string }>(
  items: AsyncIterable<T>,
  transfer: (item: T) => Promise<{ bytes: number }>,
): Promise<ManyResult> {
  const result = { done: 0, bytes: 0, failed: 0, failures: [] as ItemFailure[] };
  const iterator = items[Symbol.asyncIterator]();
  const run: { ended: { error: unknown } | null } = { ended: null };
  // One source, many takers: an async generator queues its `next` calls, so no item is taken twice.
  const work = async (): Promise<void> => {
    for (;;) {
      if (run.ended !== null) return;
      const next = await iterator.next();
      if (next.done === true) return;
      try {
        const { bytes } = await transfer(next.value);
        result.done += 1;
        result.bytes += bytes;
      } catch (error) {
        if (!(error instanceof BreakwaterError) || ENDS_THE_RUN.has(error.code)) throw error;
        result.failed += 1;
        if (result.failures.length < FAILURES_NAMED_MAX) result.failures.push({ name: next.value.name, error });
      }
    }
  };
  const workers = Array.from({ length: OBJECTS_IN_FLIGHT }, async () => {
    try {
      await work();
    } catch (error) {
      run.ended ??= { error };
    }
  });
  await Promise.all(workers);
  await iterator.return?.();
  if (run.ended !== null) throw run.ended.error;
  return result;
}
