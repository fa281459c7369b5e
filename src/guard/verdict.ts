import type { AttemptFailure, Verdict } from '../circuit/circuit.ts';
import { BreakwaterError } from '../errors.ts';
import { classify } from '../retry/classify.ts';
import { RetryChainFailed } from '../retry/retry-chain.ts';

/** What an operation has observed about S3. */
export interface Evidence {
  /** The last failed attempt, or null. */
  readonly lastFailure: AttemptFailure | null;
  /** The longest time that a waiting request has gone without a byte, in ms. */
  readonly silentForMs: number;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly failure?: AttemptFailure;
}

/** If the deadline ends a request after this long without a byte, S3 is at fault, in ms (circuit.md). */
export const SILENCE_IS_FAILURE_MS = 5_000;

/** The verdict on a failed operation, from the table in docs/circuit.md. */
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
