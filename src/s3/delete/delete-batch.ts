import type { S3Client } from '@aws-sdk/client-s3';
import { BreakwaterError } from '../../errors.ts';
import { classify } from '../../retry/classify.ts';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import { BatchWork, KeysLeft, type BatchOutcome, type Stayed } from './batch-outcome.ts';
import { FIRST_DIALECT, sendsEtag, type DeleteDialect } from './delete-dialect.ts';
import { fitsXml, readTarget, sendBatchDelete, type DeleteTarget, type SendPaced } from './delete-request.ts';
import { DialectTrial } from './probe-dialect.ts';
import { grantGrace, type Grace } from './grace-period.ts';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import { type PacedEnd, PacedRequests } from './adaptive-concurrency.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import { deleteSingly } from './delete-singly.ts';

/** How long a deletion in flight may take after the command was interrupted, in ms. */
export const FINISH_WITHIN_MS = 10_000;

export interface BatchDeleteRequest<T extends DeleteTarget> {
  readonly bucket: string;
  /** 1 to `DELETE_BATCH_MAX` (limits.ts); no key and version twice. */
  readonly items: readonly T[];
}

/**
 * Deletes batches, several at once if the caller wants, in the form that the store supports and at the rate it accepts.
 *
 * Each batch is one guarded operation. S3 responds with 200 and names the keys that failed. Keys with a transient code
 * are retried under the same rules, and do not count as in flight while they wait. After an interruption nothing new is
 * sent, but requests in flight may finish.
 */
export class BatchDeleter {
  readonly #s3: S3Client;
  readonly #guard: Guard;
  readonly #grace: Grace;
  readonly #pace = new PacedRequests();
  readonly #dialects = new Map<string, DeleteDialect>();
  readonly #trials = new Map<string, Promise<void>>();

  constructor(s3: S3Client, guard: Guard) {
    this.#s3 = s3;
    this.#guard = guard;
    this.#grace = grantGrace(guard, FINISH_WITHIN_MS);
  }

  /** @returns the outcome for every item, even if the batch failed: see its `error` */
  async deleteBatch<T extends DeleteTarget>({ bucket, items }: BatchDeleteRequest<T>): Promise<BatchOutcome<T>> {
    const work = new BatchWork(items);
    try {
      await runGuarded(this.#guard, { operation: 'delete_objects', bucket }, async (requests) => {
        const dialect = await this.#learnDialect(bucket, { work, requests });
        const together = dialect.form === 'batch' ? work.pending.filter(fitsXml) : [];
        if (together.length > 0) await this.#deleteTogether(bucket, { work, requests, dialect });
        await deleteSingly(this.#s3, { bucket, work, requests, dialect, alone: isAlone(dialect) }, this.#send);
      });
      return work.end(null);
    } catch (error) {
      if (error instanceof BreakwaterError) return work.end(error);
      throw error;
    }
  }

  close(): void {
    this.#grace.close();
  }

  async #deleteTogether(
    bucket: string,
    { work, requests, dialect }: { work: BatchWork<DeleteTarget>; requests: RequestRunner; dialect: DeleteDialect },
  ): Promise<void> {
    const isBare = !sendsEtag(dialect);
    try {
      await requests.send(async (attempt) => {
        const targets = work.pending.filter(fitsXml).map((item) => readTarget(item, isBare));
        await this.#send(attempt, async (options) => {
          work.markTried(targets);
          const request = { bucket, targets, hasMd5: dialect.hasMd5 };
          const results = await sendBatchDelete(this.#s3, request, options);
          throwLeft([...results].map(([id, response]) => work.settle(id, response)));
        });
      });
    } catch (error) {
      if (!(error instanceof RetryChainFailed && error.cause instanceof KeysLeft)) throw error;
      work.giveUp(error.cause.left);
    }
  }

  /** The first batch determines what the store supports; others wait for it. */
  async #learnDialect(
    bucket: string,
    { work, requests }: { work: BatchWork<DeleteTarget>; requests: RequestRunner },
  ): Promise<DeleteDialect> {
    const running = this.#trials.get(bucket);
    if (running !== undefined) await running;
    else if (!this.#dialects.has(bucket)) {
      const trial = new DialectTrial({ s3: this.#s3, bucket, requests, send: this.#send, emit: this.#guard.emit });
      const learning = trial.run(work).then((dialect) => {
        if (dialect !== null) this.#dialects.set(bucket, dialect);
      });
      // Only the first batch reports a failure; the others then try themselves.
      this.#trials.set(
        bucket,
        learning.catch(() => undefined),
      );
      try {
        await learning;
      } finally {
        this.#trials.delete(bucket);
      }
    }
    return this.#dialects.get(bucket) ?? FIRST_DIALECT;
  }

  readonly #send: SendPaced = async ({ options }, request) =>
    await this.#pace.run(async () => await request({ ...options, abortSignal: this.#grace.signal }), {
      signal: this.#guard.signal,
      judge: judgePace,
    });
}

/** Fails an attempt that left some keys. Throttling is reported first, because it concerns the whole store. */
function throwLeft(settled: readonly (Stayed<DeleteTarget> | null)[]): void {
  const left = settled.filter((each) => each !== null);
  const [first] = left;
  if (first !== undefined) throw new KeysLeft(left.find(isThrottled) ?? first, left);
}

function isThrottled({ code, message }: Pick<Stayed<DeleteTarget>, 'code' | 'message'>): boolean {
  return classify({ Code: code, message }).isThrottled;
}

function judgePace(error: unknown): PacedEnd {
  if (classify(error).isThrottled) return 'throttled';
  return error instanceof KeysLeft ? 'answered' : 'failed';
}

function isAlone({ form }: DeleteDialect): (item: DeleteTarget) => boolean {
  return form === 'single' ? () => true : (item) => !fitsXml(item);
}
