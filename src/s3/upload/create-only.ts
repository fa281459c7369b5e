import type { S3Client } from '@aws-sdk/client-s3';
import { BreakwaterError } from '../../errors.ts';
import { formatTarget } from '../../guard/operation-error.ts';
import type { Guard } from '../../guard/guard.ts';
import type { Attempt, RequestRunner } from '../../guard/request-runner.ts';
import type { OperationTarget } from '../../operations.ts';
import { backoffDelayMs } from '../../retry/backoff.ts';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import type { TransferFault } from '../../retry/transfer-fault.ts';
import { namesGoneUpload } from './lost-upload.ts';
import { headObject } from '../protocol/head-object.ts';
import { isWrongObject, warnOfWrongObject, type WriteAttempt } from './wrong-object.ts';

/** An object to create, and whether it may replace one (`--if-none-match`). */
interface CreatedObject {
  readonly bucket: string;
  readonly key: string;
  readonly ifNoneMatch: boolean;
}

/** The condition of the creating request, which S3 rejects with `PreconditionFailed` if the key exists. */
export function createCondition({ ifNoneMatch }: CreatedObject): { readonly IfNoneMatch?: '*' } {
  return ifNoneMatch ? { IfNoneMatch: '*' } : {};
}

/**
 * Checks `--if-none-match` before the bytes are sent. Otherwise an existing key would be reported only after that, and not
 * at all by stores that ignore the condition (MinIO of 2018; Ceph 16 when it completes an upload). S3 checks it again.
 * @throws BreakwaterError `exists`
 */
export async function refuseExisting(s3: S3Client, requests: RequestRunner, object: CreatedObject): Promise<void> {
  if (!object.ifNoneMatch) return;
  try {
    const head = await requests.sendAuxiliary(({ options }) => headObject(s3, object, options));
    if (head === null) return;
  } catch (error) {
    // Writing may be allowed even if reading is not, and says in words what is wrong.
    if (error instanceof RetryChainFailed && isFinalAnswer(error)) return;
    throw error;
  }
  throw existsError(object);
}

/** Whether the store refuses the request, whatever its reason: a 403, or a 400 for an object under a customer's key. */
function isFinalAnswer({ failure: { httpStatus, isRetryable } }: RetryChainFailed): boolean {
  return httpStatus !== null && !isRetryable;
}

/** The error `exists` if the condition of `--if-none-match` failed; any other error unchanged. */
export function toExistsError(error: unknown, object: CreatedObject): unknown {
  const isConditionFailed = error instanceof BreakwaterError && error.details.s3Code === 'PreconditionFailed';
  return object.ifNoneMatch && isConditionFailed ? existsError(object, error) : error;
}

function existsError({ bucket, key }: CreatedObject, cause?: BreakwaterError): BreakwaterError {
  return new BreakwaterError('exists', `s3://${bucket}/${key} already exists`, {
    cause,
    details: { ...cause?.details, hint: 'leave out --if-none-match to replace it' },
  });
}

export interface WriteTools {
  readonly guard: Guard;
  readonly requests: RequestRunner;
  readonly target: OperationTarget;
}

/**
 * Sends the request that creates an object, with its retry chain. Under `--if-none-match` S3 responds with 409
 * `ConditionalRequestConflict` while another request for the same key runs, which may be an earlier attempt of ours.
 * The outcome is unknown, and S3 asks for the request to be sent again (S3 API Reference, PutObject, "If-None-Match"),
 * which happens as often and after the same waits as for a transient failure. The circuit does not count it, because S3
 * has not failed.
 * @param attempt its number counts across all chains
 * @throws BreakwaterError `unavailable` if the conflict lasts, or the upload is gone after one
 */
export async function sendWrite<T>(tools: WriteTools, attempt: (attempt: WriteAttempt) => Promise<T>): Promise<T> {
  return await new Write(tools, attempt).send();
}

/** The attempts to create one object. Follows whether one has stored a wrong object, because later ones meet it. */
class Write<T> {
  readonly #tools: WriteTools;
  readonly #attempt: (attempt: WriteAttempt) => Promise<T>;
  #wrong: TransferFault | null = null;
  /** In the retry chains before this one. */
  #attemptsBefore = 0;

  constructor(tools: WriteTools, attempt: (attempt: WriteAttempt) => Promise<T>) {
    this.#tools = tools;
    this.#attempt = attempt;
  }

  async send(): Promise<T> {
    const { requests } = this.#tools;
    try {
      for (let retry = 1; ; retry += 1) {
        try {
          return await requests.send(this.#run);
        } catch (error) {
          await this.#waitForConflict(error, retry);
        }
      }
    } catch (error) {
      if (this.#wrong !== null) warnOfWrongObject(this.#wrong, { ...this.#tools, error });
      throw error;
    }
  }

  readonly #run = async ({ number, options }: Attempt): Promise<T> => {
    try {
      return await this.#attempt({ number: this.#attemptsBefore + number, options, wrong: this.#wrong });
    } catch (error) {
      if (isWrongObject(error)) this.#wrong = error;
      throw error;
    }
  };

  /** Waits before the next chain if the last one met another request for the same key. @throws its error otherwise */
  async #waitForConflict(error: unknown, retry: number): Promise<void> {
    const { guard, requests, target } = this.#tools;
    const { settings, random, clock, emit } = guard;
    const { retries } = settings.retry;
    if (!(error instanceof RetryChainFailed)) throw error;
    const { failure } = error;
    this.#attemptsBefore += error.attempts;
    const isLost = retry > 1 && namesGoneUpload(failure.code);
    if (isLost) throw conflictError(target, error, this.#attemptsBefore);
    if (failure.code !== 'ConditionalRequestConflict') throw error;
    if (retry > retries) throw conflictError(target, error, this.#attemptsBefore);
    const delayMs = backoffDelayMs(retry, { settings: settings.retry, hintMs: failure.retryAfterMs, random });
    emit({ ...target, kind: 'retry_scheduled', retry, retries, delayMs, failure });
    await clock.sleep(delayMs, requests.signal);
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
      hint: 'run the command again: it checks whether the object exists',
    },
  });
}
