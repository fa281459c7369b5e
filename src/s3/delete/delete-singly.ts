import type { S3Client } from '@aws-sdk/client-s3';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import type { BatchWork } from './batch-outcome.ts';
import { sendsEtag, type DeleteDialect } from './delete-dialect.ts';
import { isKeyDenied } from '../list/look-at-key.ts';
import { readKeyError, type KeyResponse } from './delete-answer.ts';
import { sendSingleDelete, type SendPaced } from './delete-request.ts';
import { isOutcomeOpen } from './settle-doubts.ts';
import { identify, type DeleteTarget } from './delete-target.ts';
import { IN_FLIGHT_MAX } from './adaptive-concurrency.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';

interface SingleDeletes {
  readonly bucket: string;
  readonly work: BatchWork<DeleteTarget>;
  readonly requests: RequestRunner;
  readonly dialect: DeleteDialect;
  /** Which of the pending keys are deleted one by one. */
  readonly alone: (item: DeleteTarget) => boolean;
}

/** Deletes keys with one request and retry chain each, for stores and keys that DeleteObjects does not support. */
export async function deleteSingly(
  s3: S3Client,
  { bucket, work, requests, dialect, alone }: SingleDeletes,
  send: SendPaced,
): Promise<void> {
  const queue = work.pending.filter(alone).values();
  const isBare = !sendsEtag(dialect);
  /** @throws RetryChainFailed if the response is not about this key; the signal's reason */
  const deleteOne = async (target: DeleteTarget): Promise<KeyResponse> => {
    try {
      return await requests.send(
        async (attempt) =>
          await send(attempt, async (options) => {
            work.markTried([target]);
            return await sendSingleDelete(s3, { bucket, target }, options);
          }),
      );
    } catch (error) {
      const response = error instanceof RetryChainFailed ? readSingleFailure(error) : null;
      if (response === null) throw error;
      return response;
    }
  };
  const deleteNext = async (): Promise<void> => {
    for (const item of queue) work.settle(identify(item), await deleteOne(work.targetOf(item, isBare)));
  };
  const workers = await Promise.allSettled(Array.from({ length: IN_FLIGHT_MAX }, deleteNext));
  const failed = workers.find((worker) => worker.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** The result for the key of a failed chain; null if the failure concerns more than this key. */
function readSingleFailure({ failure }: RetryChainFailed): KeyResponse | null {
  const { code, message, httpStatus, errorCode } = failure;
  const response = readKeyError(code, message);
  if (response.kind !== 'failed') return response;
  // Without S3's code, it may be another server that answers, or another name.
  if (httpStatus === 404 && code !== 'NoSuchBucket') return { kind: 'unclear', code, message };
  if (isOutcomeOpen(failure)) return { kind: 'unclear', code, message };
  if (errorCode === 'object_changed') return { kind: 'changed' };
  // Wrong or expired credentials deny everything, but a policy may deny this key alone.
  const isAboutKey = isKeyDenied(code) || errorCode === 'unavailable' || errorCode === 'rejected';
  return isAboutKey ? { kind: 'failed', code, message, isTransient: false } : null;
}
