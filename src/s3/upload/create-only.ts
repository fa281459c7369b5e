import { BreakwaterError } from '../../errors.ts';
import { backoffDelayMs } from '../../retry/backoff.ts';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import { describeTarget } from '../../guard/operation-error.ts';
import type { Guard } from '../../guard/guard.ts';
import type { Attempt, RequestRunner } from '../../guard/request-runner.ts';
import type { OperationTarget } from '../../operations.ts';

/** What a write that makes an object needs around it. */
export interface WriteTools {
  readonly guard: Guard;
  readonly requests: RequestRunner;
  readonly target: OperationTarget;
}

/**
 * Sends the request that makes an object, with its retry chain. One that may replace none (`--if-none-match`) is answered
 * with 409 `ConditionalRequestConflict` while another request is at the same key, be it an earlier attempt of ours: it
 * says nothing about the outcome, and is to be sent again (S3 API Reference, PutObject, "If-None-Match"). So it is, as
 * often and after the same waits as after a transient failure; but it is none of S3's, and the circuit does not count it.
 * @param attempt its number counts on over all chains
 * @throws BreakwaterError `unavailable` where the other does not end, or has taken the upload with it
 */
export async function sendWrite<T>(
  { guard, requests, target }: WriteTools,
  attempt: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const { settings, random, clock, emit } = guard;
  const { retries } = settings.retry;
  let attempts = 0;
  for (let retry = 1; ; retry += 1) {
    const before = attempts;
    try {
      return await requests.send({ isDataBearing: true }, async ({ number, options }) => {
        return await attempt({ number: before + number, options });
      });
    } catch (error) {
      if (!(error instanceof RetryChainFailed)) throw error;
      const { failure } = error;
      attempts += error.attempts;
      const isLost = retry > 1 && failure.code === 'NoSuchUpload';
      if (isLost) throw describeConflict(target, error, attempts);
      if (failure.code !== 'ConditionalRequestConflict') throw error;
      if (retry > retries) throw describeConflict(target, error, attempts);
      const delayMs = backoffDelayMs(retry, { settings: settings.retry, hintMs: failure.retryAfterMs, random });
      emit({ ...target, kind: 'retry_scheduled', retry, retries, delayMs, failure });
      await clock.sleep(delayMs, requests.signal);
    }
  }
}

function describeConflict(target: OperationTarget, error: RetryChainFailed, attempts: number): BreakwaterError {
  const { code, httpStatus, requestId } = error.failure;
  const message = `${describeTarget(target)} failed: ${code}: another request was at the same key meanwhile`;
  return new BreakwaterError('unavailable', message, {
    cause: error,
    details: {
      attempts,
      s3Code: code,
      ...(httpStatus === null ? {} : { httpStatus }),
      ...(requestId === null ? {} : { requestId }),
      hint: 'run the command again: it tells whether the object exists by then',
    },
  });
}
