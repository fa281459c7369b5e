import type { AttemptFailure, Verdict } from '../circuit/circuit.ts';
import { BreakwaterError } from '../errors.ts';
import { classify } from '../retry/classify.ts';
import { RetryChainFailed } from '../retry/retry-chain.ts';

/** What an operation saw of S3 before it ended. */
export interface Evidence {
  /** The last failed attempt; null when none failed. */
  readonly lastFailure: AttemptFailure | null;
  /** How long the longest waiting request had got no byte, in ms. */
  readonly silentForMs: number;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly failure?: AttemptFailure;
}

/** A request that had no byte for this long when the deadline ended it says that S3 is at fault, in ms (circuit.md). */
export const SILENCE_IS_FAILURE_MS = 5_000;

/** The one verdict of an operation that did not succeed, by the table in docs/circuit.md. */
export function judge(error: unknown, { lastFailure, silentForMs }: Evidence): Judgement {
  if (error instanceof RetryChainFailed) return { verdict: error.failure.verdict, failure: error.failure };
  if (error instanceof BreakwaterError && error.code === 'deadline') {
    if (lastFailure !== null) return { verdict: 'failure', failure: lastFailure };
    if (silentForMs < SILENCE_IS_FAILURE_MS) return { verdict: 'neutral' };
    const failure = { code: 'response_timeout', message: error.message, httpStatus: null, requestId: null };
    return { verdict: 'failure', failure };
  }
  const failure = classify(error);
  return { verdict: failure.verdict, failure };
}
