import { DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { classify } from '../retry/classify.ts';
import { TransferFault } from '../retry/fault.ts';
import { RetryChainFailed } from '../retry/retry-chain.ts';
import type { Guard } from './guard.ts';
import { runGuarded } from './guarded-operation.ts';
import type { WatchedOptions } from './watched-http.ts';

export interface DeleteFailure {
  readonly key: string;
  readonly code: string;
  readonly message: string;
}

export interface BatchDeleteRequest {
  readonly bucket: string;
  /** 1 to `DELETE_BATCH_MAX` (limits.ts) keys, each once. */
  readonly keys: readonly string[];
}

/**
 * Deletes a batch of keys as one guarded operation without a circuit, and returns the keys that stayed.
 *
 * S3 answers 200 and names the keys that failed. Those with a transient code are sent again alone, under the
 * same retry rules; the others, and those that outlast the retries, are the result. Only a batch that fails as a
 * whole rejects.
 */
export async function deleteBatch(
  s3: S3Client,
  guard: Guard,
  request: BatchDeleteRequest,
): Promise<readonly DeleteFailure[]> {
  const { bucket } = request;
  const stayed: DeleteFailure[] = [];
  let pending = request.keys;
  await runGuarded(guard, { operation: 'delete_objects', bucket, circuit: null }, async (requests) => {
    try {
      await requests.send({ isDataBearing: true }, async ({ options }) => {
        const failures = await sendBatch(s3, { bucket, keys: pending }, options);
        const transient = failures.filter(isTransient);
        stayed.push(...failures.filter((failure) => !isTransient(failure)));
        pending = transient.map(({ key }) => key);
        const [first] = transient;
        if (first !== undefined) throw new KeysLeft(first, transient);
      });
    } catch (error) {
      if (!(error instanceof RetryChainFailed)) throw error;
      stayed.push(...nameKeysLeft(error, { pending, isBatchWhole: pending.length === request.keys.length }));
    }
  });
  return stayed;
}

/** The keys that a chain has left, each with its own reason, or with that of the last request where S3 named none. */
function nameKeysLeft(
  chain: RetryChainFailed,
  { pending, isBatchWhole }: { pending: readonly string[]; isBatchWhole: boolean },
): readonly DeleteFailure[] {
  const { cause, failure } = chain;
  if (cause instanceof KeysLeft) return cause.failures;
  // Once keys are gone, rejecting would count them as left.
  if (isBatchWhole || failure.errorCode === 'internal') throw chain;
  return pending.map((key) => ({ key, code: failure.code, message: failure.message }));
}

async function sendBatch(
  s3: S3Client,
  { bucket, keys }: BatchDeleteRequest,
  options: WatchedOptions,
): Promise<readonly DeleteFailure[]> {
  const command = new DeleteObjectsCommand({
    Bucket: bucket,
    // Not quiet: the answer must account for every key, or it is no answer of S3.
    Delete: { Objects: keys.map((key) => ({ Key: key })), Quiet: false },
  });
  const { Deleted = [], Errors = [] } = await s3.send(command, options);
  if (Deleted.length + Errors.length !== keys.length) {
    throw new TransferFault('not_s3', 'the answer to the deletion does not account for every key');
  }
  const asked = new Set(keys);
  if (!Errors.every(({ Key = '' }) => asked.has(Key))) {
    throw new TransferFault('not_s3', 'the answer to the deletion names a key that was not asked for');
  }
  return Errors.map(({ Key = '', Code = 'Unknown', Message = '' }) => ({ key: Key, code: Code, message: Message }));
}

function isTransient({ code, message }: DeleteFailure): boolean {
  return classify({ Code: code, message }).isRetryable;
}

/** Keys that failed inside a 200, classified by the first one's code. */
class KeysLeft extends Error {
  override readonly name = 'KeysLeft';
  readonly Code: string;
  readonly failures: readonly DeleteFailure[];

  constructor({ code, message }: DeleteFailure, failures: readonly DeleteFailure[]) {
    super(message);
    this.Code = code;
    this.failures = failures;
  }
}
