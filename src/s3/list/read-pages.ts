import { BreakwaterError } from '../../errors.ts';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';
import type { OperationTarget } from '../../operations.ts';
import { EMPTY_PAGES_MAX, PageProgress, type PageStop } from './page-progress.ts';

export interface ListRequest {
  readonly bucket: string;
  /** Only keys that start with it; empty for all. */
  readonly prefix: string;
  /** Only keys after this one, in UTF-8 byte order; it need not exist. @default null: all */
  readonly startAfter?: string | null;
  /** Aborts only this listing, with its reason. */
  readonly signal?: AbortSignal;
}

/** One page of a listing, and the start of the next; null after the last. */
export interface FetchedPage<T, P> {
  readonly page: T;
  readonly next: P | null;
  /** What names the first entry of the page, such as its key and version; null for an empty page. */
  readonly first: string | null;
}

/** The page may have encoded keys, or not, and only a page that is asked for without encoding settles it. */
export const IS_UNSURE = 'is_unsure';

/** Keys are requested encoded, because XML cannot hold control characters. */
type PageInput<P> = P & { readonly Bucket: string; readonly Prefix: string; readonly EncodingType: 'url' | undefined };

export type FetchPage<T, P> = (
  input: PageInput<P>,
  options: WatchedOptions,
) => Promise<FetchedPage<T, P> | typeof IS_UNSURE>;

/**
 * Streams a listing page by page, so that memory does not grow with it. Each page is one guarded operation, requested
 * only when the caller reaches it.
 * @param listing its `first` is the start of the first page
 * @throws BreakwaterError `rejected` if the store sends the same pages again and again, or only empty ones
 */
export async function* readPages<T, P extends object>(
  guard: Guard,
  listing: { readonly operation: OperationTarget['operation']; readonly request: ListRequest; readonly first: P },
  fetch: FetchPage<T, P>,
): AsyncGenerator<T> {
  const { operation, request, first } = listing;
  const { bucket, prefix, signal } = request;
  const stoppable = signal === undefined ? guard : { ...guard, signal: AbortSignal.any([guard.signal, signal]) };
  const progress = new PageProgress(JSON.stringify(first));
  const fetcher = new PageFetcher({ bucket, prefix }, fetch);
  let start: P | null = first;
  while (start !== null) {
    const from: P = start;
    const fetched: FetchedPage<T, P> = await runGuarded(stoppable, { operation, bucket }, (requests) =>
      fetcher.fetch(from, requests),
    );
    const next = fetched.next === null ? null : JSON.stringify(fetched.next);
    const stop = progress.take({ next, first: fetched.first });
    if (stop !== null) throw standstillError({ bucket, prefix }, stop);
    yield fetched.page;
    start = fetched.next;
  }
}

class PageFetcher<T, P extends object> {
  readonly #request: Pick<ListRequest, 'bucket' | 'prefix'>;
  readonly #fetch: FetchPage<T, P>;
  /** False for the rest of a listing whose pages are unsure. */
  #asksEncoded = true;

  constructor(request: Pick<ListRequest, 'bucket' | 'prefix'>, fetch: FetchPage<T, P>) {
    this.#request = request;
    this.#fetch = fetch;
  }

  async fetch(start: P, requests: RequestRunner): Promise<FetchedPage<T, P>> {
    const { bucket, prefix } = this.#request;
    for (;;) {
      const EncodingType = this.#asksEncoded ? 'url' : undefined;
      const input: PageInput<P> = { ...start, Bucket: bucket, Prefix: prefix, EncodingType };
      const fetched = await requests.send(({ options }) => this.#fetch(input, options));
      if (fetched !== IS_UNSURE) return fetched;
      // A page that was not asked for encoded keys is never unsure.
      if (!this.#asksEncoded) throw new Error('a listing without encoding is unsure');
      this.#asksEncoded = false;
    }
  }
}

function standstillError(
  { bucket, prefix }: Pick<ListRequest, 'bucket' | 'prefix'>,
  stop: Exclude<PageStop, null>,
): BreakwaterError {
  const what = stop === 'repeats' ? 'repeats its pages' : `has ${EMPTY_PAGES_MAX} empty pages in a row`;
  return new BreakwaterError('rejected', `the listing of s3://${bucket}/${prefix} ${what}`, {
    details: {
      reason: 'listing_stands_still',
      hint: 'the listing is not complete, because this store does not list as S3 does',
    },
  });
}
