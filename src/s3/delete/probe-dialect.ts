import type { S3Client } from '@aws-sdk/client-s3';
import type { EventSink } from '../../events.ts';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import { KeysLeft, type BatchWork } from './batch-outcome.ts';
import { FIRST_DIALECT, learnDialect, sendsEtag, type DeleteDialect, type TrialAnswer } from './delete-dialect.ts';
import {
  identify,
  readKeyError,
  sendBatchDelete,
  sendSingleDelete,
  type DeleteTarget,
  type KeyAnswer,
  type SendPaced,
} from './delete-request.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';

/** No object has it: it is no MD5 of anything that anybody knows. */
const NO_ETAG = '"00000000000000000000000000000000"';

/** By these a store says that it does not take such a request at all. */
const FORM_STATUSES: ReadonlySet<number> = new Set([400, 405, 501]);

interface TrialOptions {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly requests: RequestRunner;
  readonly send: SendPaced;
  readonly emit: EventSink;
}

/** Finds out by one key of a batch how a store wants to be asked (see `learnDialect`). */
export class DialectTrial {
  readonly #options: TrialOptions;

  constructor(options: TrialOptions) {
    this.#options = options;
  }

  /**
   * Asks for one pending key, until the dialect is known. A key that goes by it is settled.
   * @returns null where that key taught nothing
   * @throws RetryChainFailed where the store refuses every way of asking, or fails; whatever aborted it
   */
  async run(work: BatchWork<DeleteTarget>): Promise<DeleteDialect | null> {
    const item = work.findTrial();
    if (item === undefined) return null;
    const canCompare = item.etag !== null && item.versionId === null;
    let dialect = FIRST_DIALECT;
    for (;;) {
      const withEtag = canCompare && sendsEtag(dialect);
      const asked = await this.#ask(dialect, { ...item, etag: withEtag ? NO_ETAG : null });
      if (asked === null) return null;
      const step = learnDialect(dialect, { answer: asked.answer, withEtag });
      if (step.next === 'give_up') throw asked.failure;
      dialect = step.dialect;
      if (step.next === 'try') continue;
      if (asked.answer.kind === 'deleted') work.settle(identify(item), { kind: 'deleted' });
      this.#options.emit({ kind: 'deletes_adapted', bucket: this.#options.bucket, ...dialect });
      return dialect;
    }
  }

  /** Null where the key itself cannot be deleted, which says nothing about the store. */
  async #ask(
    dialect: DeleteDialect,
    target: DeleteTarget,
  ): Promise<{ readonly answer: TrialAnswer; readonly failure: unknown } | null> {
    try {
      const answer = await this.#request(dialect, target);
      return answer.kind === 'failed' ? null : { answer, failure: null };
    } catch (error) {
      if (!(error instanceof RetryChainFailed)) throw error;
      if (error.cause instanceof KeysLeft) return null;
      const { code, message, httpStatus, errorCode } = error.failure;
      const answer = readKeyError(code, message);
      if (answer.kind !== 'failed') return { answer, failure: error };
      if (dialect.form === 'single' && code === 'AccessDenied') return null;
      // Any other refusal is not about how it was asked: nothing may be left out for its sake, least of all the ETag.
      const isAboutForm = errorCode === 'rejected' && httpStatus !== null && FORM_STATUSES.has(httpStatus);
      if (!isAboutForm) throw error;
      return { answer: { kind: 'refused', code, httpStatus }, failure: error };
    }
  }

  async #request({ form, hasMd5 }: DeleteDialect, target: DeleteTarget): Promise<KeyAnswer> {
    const { s3, bucket, requests, send } = this.#options;
    return await requests.send(
      { isDataBearing: true },
      async (attempt) =>
        await send(attempt, async (options) => {
          if (form === 'single') {
            await sendSingleDelete(s3, { bucket, target }, options);
            return { kind: 'deleted' } satisfies KeyAnswer;
          }
          const [answer] = (await sendBatchDelete(s3, { bucket, targets: [target], hasMd5 }, options)).values();
          if (answer === undefined) throw new Error('an answer without a key was let through');
          if (answer.kind === 'failed' && answer.isTransient) {
            throw new KeysLeft(answer, []);
          }
          return answer;
        }),
    );
  }
}
