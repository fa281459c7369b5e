import type { S3Client } from '@aws-sdk/client-s3';
import type { EventSink } from '../../events.ts';
import type { Classification } from '../../retry/classify.ts';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import { hasCondition, KeysLeft, type BatchWork } from './batch-outcome.ts';
import { isKeyDenied } from '../list/look-at-key.ts';
import { readKeyError, type KeyResponse } from './delete-answer.ts';
import { learnDialect, sendsEtag, type DeleteDialect, type TrialResponse } from './delete-dialect.ts';
import { sendBatchDelete, sendSingleDelete, type SendPaced } from './delete-request.ts';
import { isOutcomeOpen } from './settle-doubts.ts';
import { identify, type DeleteTarget } from './delete-target.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';

/** An ETag that no object has: no bytes with this MD5 are known. */
const NO_ETAG = '"00000000000000000000000000000000"';

/** The statuses with which a store rejects the form of a request. */
const FORM_STATUSES: ReadonlySet<number> = new Set([400, 405, 501]);

/** Keys to try before a store counts as one that rejects every dialect. */
const TRIALS_MAX = 3;

interface TrialOptions {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly requests: RequestRunner;
  readonly send: SendPaced;
  readonly emit: EventSink;
  /**
   * Settles the tried key if a request was carried out whose response was lost: a store that ignores conditions deletes it.
   * @returns whether the store answers looks
   */
  readonly settleLost: (item: DeleteTarget, failure: Classification) => Promise<boolean>;
}

/** Determines a store's dialect with one key of a batch (see `learnDialect`). */
export class DialectTrial {
  readonly #options: TrialOptions;

  constructor(options: TrialOptions) {
    this.#options = options;
  }

  /**
   * Tries to delete one pending key until the dialect is known. If the key is deleted, it is settled. A key with which the
   * store rejects every dialect is set apart, and another one is tried.
   * @param known what earlier trials have shown
   * @returns what the store has taken so far, even if the key itself could not be deleted; then `isDone` is false,
   * because another key may show more
   * @throws RetryChainFailed if the store rejects every dialect, or fails; the signal's reason
   */
  async run(
    work: BatchWork<DeleteTarget>,
    known: DeleteDialect,
  ): Promise<{ readonly dialect: DeleteDialect; readonly isDone: boolean }> {
    for (let tries = 1; ; tries += 1) {
      const item = work.findTrial();
      if (item === undefined) return { dialect: known, isDone: false };
      const result = await this.#tryWith(item, { work, known });
      if (result.refusal === null) return result;
      // Perhaps the store cannot read this key in a batch; another one shows.
      work.setApart(item);
      if (tries === TRIALS_MAX || work.findTrial() === undefined) throw result.refusal;
    }
  }

  /** `refusal`: why the store rejected every dialect with this key; null if it took one. */
  async #tryWith(
    item: DeleteTarget,
    { work, known }: { readonly work: BatchWork<DeleteTarget>; readonly known: DeleteDialect },
  ): Promise<{ readonly dialect: DeleteDialect; readonly isDone: boolean; readonly refusal: RetryChainFailed | null }> {
    let dialect = known;
    for (;;) {
      const withEtag = hasCondition(item) && sendsEtag(dialect);
      const target = { ...work.targetOf(item, true), etag: withEtag ? NO_ETAG : null };
      const tried = await this.#try(dialect, { item, target });
      // The store took the request, so its form was right.
      if (tried === null) return { dialect, isDone: false, refusal: null };
      const step = learnDialect(dialect, { response: tried.response, withEtag });
      if (step.next === 'give_up') return { dialect: known, isDone: false, refusal: tried.failure };
      dialect = step.dialect;
      if (step.next === 'try') continue;
      if (tried.response.kind === 'deleted') work.settle(identify(item), { kind: 'deleted' });
      this.#options.emit({ kind: 'deletes_adapted', bucket: this.#options.bucket, ...dialect });
      return { dialect, isDone: true, refusal: null };
    }
  }

  /** Null if the store took the request, but only this key cannot be deleted, or it is unclear whether it was. */
  async #try(
    dialect: DeleteDialect,
    { item, target }: { readonly item: DeleteTarget; readonly target: DeleteTarget },
  ): Promise<{ readonly response: TrialResponse; readonly failure: RetryChainFailed | null } | null> {
    let wasTaken = false;
    try {
      const response = await this.#request(dialect, target, () => (wasTaken = true));
      return response.kind === 'failed' || response.kind === 'unclear' ? null : { response, failure: null };
    } catch (error) {
      if (!(error instanceof RetryChainFailed)) throw error;
      // The last attempt may have failed as a whole, such as by throttling, which must not fail the other keys.
      if (error.cause instanceof KeysLeft || wasTaken) return null;
      // Perhaps the store fails for this key alone; the others go on without a condition that is tested.
      if (isOutcomeOpen(error.failure) && (await this.#options.settleLost(item, error.failure))) return null;
      const { code, message, httpStatus, errorCode } = error.failure;
      const response = readKeyError(code, message);
      if (response.kind === 'deleted' || response.kind === 'changed') return { response, failure: error };
      if (dialect.form === 'single' && (response.kind === 'unclear' || isKeyDenied(code))) return null;
      // Other rejections are not about the form, so nothing may be left out, least of all the ETag.
      const isAboutForm = errorCode === 'rejected' && httpStatus !== null && FORM_STATUSES.has(httpStatus);
      if (!isAboutForm) throw error;
      return { response: { kind: 'refused', code, httpStatus }, failure: error };
    }
  }

  /** @param onLeft called when the store takes a request, but fails to delete the key for now */
  async #request({ form, hasMd5 }: DeleteDialect, target: DeleteTarget, onLeft: () => void): Promise<KeyResponse> {
    const { s3, bucket, requests, send } = this.#options;
    return await requests.send(
      async (attempt) =>
        await send(attempt, async (options) => {
          if (form === 'single') return await sendSingleDelete(s3, { bucket, target }, options);
          const [response] = (await sendBatchDelete(s3, { bucket, targets: [target], hasMd5 }, options)).values();
          if (response === undefined) throw new Error('the response to the deletion has no key');
          if (response.kind === 'failed' && response.isTransient) {
            onLeft();
            throw new KeysLeft(response, []);
          }
          return response;
        }),
    );
  }
}
