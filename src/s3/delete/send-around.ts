import type { RetryChainFailed } from '../../retry/retry-chain.ts';
import { isOutcomeOpen } from './settle-doubts.ts';

/** Failed requests without one that succeeded, after which the store is at fault and not a key. */
const FAILURES_MAX = 6;

/** Failed requests of one batch. One bad key among a thousand takes ten, each with its retries. */
const FAILURES_OF_BATCH_MAX = 40;

interface AroundOptions<T> {
  /** Why the request with all items failed. */
  readonly failure: RetryChainFailed;
  /** Sends one request. @returns its failure after all retries; null if the store took it */
  readonly send: (part: readonly T[]) => Promise<RetryChainFailed | null>;
  /** Called with an item whose own request failed. */
  readonly onFailed: (item: T, failure: RetryChainFailed) => Promise<void>;
}

/**
 * Sends the items of a request that failed at every attempt in ever smaller requests, to find the few for which it
 * fails, while the store is up. Larger requests go first, so that most items are done early.
 * @throws RetryChainFailed if no request succeeds, too many fail, or one fails for a reason of its own
 */
export async function sendAround<T>(items: readonly T[], options: AroundOptions<T>): Promise<void> {
  const { failure: first, send, onFailed } = options;
  const queue = items.length > 1 ? halve(items) : [items];
  let [failures, successes] = [0, 0];
  for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
    const failure = part.length === 0 ? null : await send(part);
    if (failure === null) {
      successes += part.length > 0 ? 1 : 0;
      continue;
    }
    if (!isOutcomeOpen(failure.failure)) throw failure;
    failures += 1;
    const [only] = part;
    const isOver = failures >= (successes === 0 ? FAILURES_MAX : FAILURES_OF_BATCH_MAX);
    if (isOver) throw failure;
    if (part.length > 1) queue.push(...halve(part));
    else if (only !== undefined && items.length > 1) await onFailed(only, failure);
  }
  if (successes === 0) throw first;
}

function halve<T>(items: readonly T[]): (readonly T[])[] {
  const half = Math.ceil(items.length / 2);
  return [items.slice(0, half), items.slice(half)];
}
