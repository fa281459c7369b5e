import { BreakwaterError } from '../../errors.ts';
import { classify, type Classification } from '../../retry/classify.ts';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import type { ObjectClient } from '../connection/object-client.ts';
import { type PacedEnd, PacedRequests } from './adaptive-concurrency.ts';
import { BatchWork, hasCondition, KeysLeft, throwLeft, type BatchOutcome } from './batch-outcome.ts';
import { findListed } from './find-listed.ts';
import { FIRST_DIALECT, sendsEtag, type DeleteDialect } from './delete-dialect.ts';
import { sendBatchDelete, type SendPaced } from './delete-request.ts';
import { deleteSingly } from './delete-singly.ts';
import { isNullVersion, type DeleteTarget } from './delete-target.ts';
import { grantGrace, type Grace } from './grace-period.ts';
import { DialectTrial } from './probe-dialect.ts';
import { sendAround } from './send-around.ts';
import { ANY_SIZE, sendInParts, type BatchSize } from './send-in-parts.ts';
import { dropReplaced, formOf, isOutcomeOpen, settleDoubts, settleLost } from './settle-doubts.ts';

/** How long a deletion in flight may take after the command was interrupted, in ms. */
export const FINISH_WITHIN_MS = 10_000;

/** Deletes of one key: the second after a look has shown that the first was not carried out. */
const ROUNDS_MAX = 2;

/** The statuses with which a store refuses a request for its size, once it has taken a small one. */
const SIZE_STATUSES: ReadonlySet<number> = new Set([400, 413]);

interface PartOfBatch {
  readonly work: BatchWork<DeleteTarget>;
  readonly requests: RequestRunner;
  readonly dialect: DeleteDialect;
  readonly part: readonly DeleteTarget[];
}

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
  readonly #s3: ObjectClient;
  readonly #guard: Guard;
  readonly #grace: Grace;
  readonly #pace = new PacedRequests();
  readonly #dialects = new Map<string, DeleteDialect>();
  /** Buckets whose dialect is known. */
  readonly #isTried = new Set<string>();
  /** The forms of ETags that a bucket is known to compare; see `formOf`. */
  readonly #forms = new Map<string, Set<string>>();
  readonly #sizes = new Map<string, BatchSize>();
  readonly #trials = new Map<string, Promise<void>>();

  constructor(s3: ObjectClient, guard: Guard) {
    this.#s3 = s3;
    this.#guard = guard;
    this.#grace = grantGrace(guard, FINISH_WITHIN_MS);
  }

  /** @returns the outcome for every item, even if the batch failed: see its `error` */
  async deleteBatch<T extends DeleteTarget>({ bucket, items }: BatchDeleteRequest<T>): Promise<BatchOutcome<T>> {
    const work = new BatchWork(items);
    try {
      await runGuarded(this.#guard, { operation: 'delete_objects', bucket }, async (requests) => {
        for (let round = 1; round <= ROUNDS_MAX && work.pending.length > 0; round += 1) {
          await this.#deleteOnce(bucket, { work, requests, round });
        }
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

  /** Requests the deletion of every pending key, then settles what the store left in doubt. */
  async #deleteOnce(
    bucket: string,
    { work, requests, round }: { work: BatchWork<DeleteTarget>; requests: RequestRunner; round: number },
  ): Promise<void> {
    const dialect = await this.#learnDialect(bucket, { work, requests });
    if (round === 1) {
      const isUnsafe = (item: DeleteTarget): boolean => dialect.condition !== 'honoured' || !hasCondition(item);
      const items = work.pending.filter((item) => isNullVersion(item) && isUnsafe(item));
      await dropReplaced(this.#s3, { bucket, work, requests, items }, this.#send);
    }
    if (dialect.form === 'batch') await this.#deleteTogether(bucket, { work, requests, dialect });
    await deleteSingly(this.#s3, { bucket, work, requests, dialect, alone: isAlone(dialect, work) }, this.#send);
    const provenForms = this.#forms.get(bucket) ?? new Set();
    this.#forms.set(bucket, provenForms);
    if (dialect.condition === 'honoured') {
      // One object is enough, unless there is a doubt that another form may settle.
      const proofs = work.doubts.length === 0 ? work.deleted.slice(0, 1) : work.deleted;
      for (const item of proofs.filter(hasCondition)) provenForms.add(formOf(item));
    }
    const isLast = round === ROUNDS_MAX;
    const isListed = findListed(this.#s3, this.#guard, bucket);
    await settleDoubts(this.#s3, { bucket, work, requests, isListed, provenForms, isLast }, this.#send);
  }

  async #deleteTogether(
    bucket: string,
    { work, requests, dialect }: { work: BatchWork<DeleteTarget>; requests: RequestRunner; dialect: DeleteDialect },
  ): Promise<void> {
    const joined = work.pending.filter((item) => work.isJoinable(item));
    const size = await sendInParts(joined, {
      size: this.#sizes.get(bucket) ?? ANY_SIZE,
      send: async (part) => await this.#sendPart(bucket, { work, requests, dialect, part }),
      onRefused: (item) => work.setApart(item),
    });
    if (size !== ANY_SIZE) this.#sizes.set(bucket, size);
  }

  /** @returns false if the store refused the request as a whole */
  async #sendPart(bucket: string, options: PartOfBatch): Promise<boolean> {
    const { work, requests, part } = options;
    const failed = await this.#sendOnce(bucket, options);
    if (failed === null) return true;
    const { errorCode, httpStatus } = failed.failure;
    if (errorCode === 'rejected' && httpStatus !== null && SIZE_STATUSES.has(httpStatus)) return false;
    const settle = async (items: readonly DeleteTarget[], { failure }: RetryChainFailed): Promise<boolean> =>
      await this.#settleLost(bucket, { work, requests, items: items.filter((item) => work.isPending(item)), failure });
    if (!isOutcomeOpen(failed.failure) || !(await settle(part, failed))) throw failed;
    const left = part.filter((item) => work.isPending(item));
    if (left.length === 0) return true;
    if (part.length === 1) throw failed;
    // The store answers, so perhaps it fails for a few of these keys only.
    await sendAround(left, {
      failure: failed,
      send: async (some) => await this.#sendOnce(bucket, { ...options, part: some }),
      onFailed: async (item, failure) => {
        await settle([item], failure);
        work.giveUp([{ item, code: failure.failure.code, message: failure.failure.message }]);
      },
    });
    return true;
  }

  /** @returns the failure of the request as a whole; null if the store took it */
  async #sendOnce(bucket: string, { work, requests, dialect, part }: PartOfBatch): Promise<RetryChainFailed | null> {
    const isBare = !sendsEtag(dialect);
    try {
      await requests.send(async (attempt) => {
        const targets = part.filter((item) => work.isPending(item)).map((item) => work.targetOf(item, isBare));
        await this.#send(attempt, async (options) => {
          work.markTried(targets);
          const request = { bucket, targets, hasMd5: dialect.hasMd5 };
          const results = await sendBatchDelete(this.#s3, request, options);
          throwLeft([...results].map(([id, response]) => work.settle(id, response)));
        });
      });
      return null;
    } catch (error) {
      if (!(error instanceof RetryChainFailed)) throw error;
      if (!(error.cause instanceof KeysLeft)) return error;
      work.giveUp(error.cause.left);
      return null;
    }
  }

  async #settleLost(
    bucket: string,
    lost: Pick<Parameters<typeof settleLost>[1], 'work' | 'requests' | 'items' | 'failure'>,
  ): Promise<boolean> {
    return await settleLost(
      this.#s3,
      { bucket, isListed: findListed(this.#s3, this.#guard, bucket), ...lost },
      this.#send,
    );
  }

  /** The first batch determines what the store supports; others wait for it. */
  async #learnDialect(
    bucket: string,
    { work, requests }: { work: BatchWork<DeleteTarget>; requests: RequestRunner },
  ): Promise<DeleteDialect> {
    const running = this.#trials.get(bucket);
    if (running !== undefined) await running;
    else if (!this.#isTried.has(bucket)) {
      const learning = this.#tryOut(bucket, { work, requests });
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

  async #tryOut(
    bucket: string,
    { work, requests }: { work: BatchWork<DeleteTarget>; requests: RequestRunner },
  ): Promise<void> {
    // The condition of the trial cannot hold, so a store that ignores conditions deletes whatever is there by now.
    for (let item = work.findTrial(); item !== undefined && isNullVersion(item); item = work.findTrial()) {
      await dropReplaced(this.#s3, { bucket, work, requests, items: [item] }, this.#send);
      if (work.isPending(item)) break;
    }
    const settle = async (item: DeleteTarget, failure: Classification): Promise<boolean> => {
      // One more, which tells a store that is down from one that fails for this key.
      const others = work.pending.filter((other) => other !== item).slice(0, 1);
      return await this.#settleLost(bucket, { work, requests, items: [item, ...others], failure });
    };
    const { emit } = this.#guard;
    const trial = new DialectTrial({ s3: this.#s3, bucket, requests, send: this.#send, emit, settleLost: settle });
    const { dialect, isDone } = await trial.run(work, this.#dialects.get(bucket) ?? FIRST_DIALECT);
    this.#dialects.set(bucket, dialect);
    if (isDone) this.#isTried.add(bucket);
  }

  readonly #send: SendPaced = async ({ options }, request) =>
    await this.#pace.run(async () => await request({ ...options, abortSignal: this.#grace.signal }), {
      signal: this.#guard.signal,
      judge: judgePace,
    });
}

function judgePace(error: unknown): PacedEnd {
  if (classify(error).isThrottled) return 'throttled';
  return error instanceof KeysLeft ? 'answered' : 'failed';
}

function isAlone({ form }: DeleteDialect, work: BatchWork<DeleteTarget>): (item: DeleteTarget) => boolean {
  return form === 'single' ? () => true : (item) => !work.isJoinable(item);
}
