import type { S3Client } from '@aws-sdk/client-s3';
import { BreakwaterError } from '../../errors.ts';
import { formatTarget } from '../../guard/operation-error.ts';
import type { Guard } from '../../guard/guard.ts';
import type { Attempt, RequestRunner } from '../../guard/request-runner.ts';
import type { OperationTarget } from '../../operations.ts';
import { backoffDelayMs } from '../../retry/backoff.ts';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import { headObject } from '../protocol/head-object.ts';

/** An object to create, and whether it may replace one (`--if-none-match`). */
interface CreatedObject {
  readonly bucket: string;
  readonly key: string;
  readonly ifNoneMatch: boolean;
}

/** The condition of the request that creates an object: S3 refuses it with `PreconditionFailed` if the key exists. */
export function createCondition({ ifNoneMatch }: CreatedObject): { readonly IfNoneMatch?: '*' } {
  return ifNoneMatch ? { IfNoneMatch: '*' } : {};
}

/**
 * Checks `--if-none-match` before an upload in parts. Otherwise an existing key would be reported only after all bytes
 * were sent, and some stores (Ceph 16) ignore the condition when the upload is completed. S3 checks it again at the
 * end.
 * @throws BreakwaterError `exists`
 */
export async function refuseExisting(s3: S3Client, requests: RequestRunner, object: CreatedObject): Promise<void> {
  if (!object.ifNoneMatch) return;
  try {
    const head = await requests.sendAuxiliary(({ options }) => headObject(s3, object, options));
    if (head === null) return;
  } catch (error) {
    // Writing can be allowed where reading is not.
    if (error instanceof RetryChainFailed && error.failure.httpStatus === 403) return;
    throw error;
  }
  throw existsError(object);
}

/** The error `exists` for a failed condition of `--if-none-match`; any other error as it is. */
export function toExistsError(error: unknown, object: CreatedObject): unknown {
  const isConditionFailed = error instanceof BreakwaterError && error.details.s3Code === 'PreconditionFailed';
  return object.ifNoneMatch && isConditionFailed ? existsError(object, error) : error;
}

function existsError({ bucket, key }: CreatedObject, cause?: BreakwaterError): BreakwaterError {
  return new BreakwaterError('exists', `s3://${bucket}/${key} exists already`, {
    cause,
    details: { ...cause?.details, hint: 'leave out --if-none-match to replace it' },
  });
}

/** What `sendWrite` works with, and which operation it reports. */
export interface WriteTools {
  readonly guard: Guard;
  readonly requests: RequestRunner;
  readonly target: OperationTarget;
}

/**
 * Sends the request that creates an object, with its retry chain. Under `--if-none-match` S3 responds with 409
 * `ConditionalRequestConflict` while another request for the same key runs, which may be an earlier attempt of ours.
 * The outcome is unknown, and S3 asks to send the request again (S3 API Reference, PutObject, "If-None-Match"): as
 * often and after the same waits as after a transient failure. It is not a failure of S3, so the circuit does not count
 * it.
 * @param attempt its number counts over all chains
 * @throws BreakwaterError `unavailable` if the conflict does not end, or the upload is gone after one
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
      return await requests.send(({ number, options }) => attempt({ number: before + number, options }));
    } catch (error) {
      if (!(error instanceof RetryChainFailed)) throw error;
      const { failure } = error;
      attempts += error.attempts;
      const isLost = retry > 1 && failure.code === 'NoSuchUpload';
      if (isLost) throw conflictError(target, error, attempts);
      if (failure.code !== 'ConditionalRequestConflict') throw error;
      if (retry > retries) throw conflictError(target, error, attempts);
      const delayMs = backoffDelayMs(retry, { settings: settings.retry, hintMs: failure.retryAfterMs, random });
      emit({ ...target, kind: 'retry_scheduled', retry, retries, delayMs, failure });
      await clock.sleep(delayMs, requests.signal);
    }
  }
}

function conflictError(target: OperationTarget, error: RetryChainFailed, attempts: number): BreakwaterError {
  const { code, httpStatus, requestId } = error.failure;
  const message = `${formatTarget(target)} failed: ${code}: another request wrote to the same key meanwhile`;
  return new BreakwaterError('unavailable', message, {
    cause: error,
    details: {
      attempts,
      s3Code: code,
      ...(httpStatus === null ? {} : { httpStatus }),
      ...(requestId === null ? {} : { requestId }),
      hint: 'run the command again: it will find out whether the object exists',
    },
  });
}
