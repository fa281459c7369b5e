import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';
import type { OperationTarget } from '../../operations.ts';

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
interface FetchedPage<T, P> {
  readonly page: T;
  readonly next: P | null;
}

/** Keys are requested encoded, because XML cannot hold control characters. */
type PageInput<P> = P & { readonly Bucket: string; readonly Prefix: string; readonly EncodingType: 'url' };

/**
 * Streams a listing page by page, so that memory does not grow with it. Each page is one guarded operation, requested
 * only when the caller reaches it.
 * @param listing its `first` is the start of the first page
 */
export async function* readPages<T, P>(
  guard: Guard,
  listing: { readonly operation: OperationTarget['operation']; readonly request: ListRequest; readonly first: P },
  fetch: (input: PageInput<P>, options: WatchedOptions) => Promise<FetchedPage<T, P>>,
): AsyncGenerator<T> {
  const { operation, request } = listing;
  const { bucket, prefix, signal } = request;
  const stoppable = signal === undefined ? guard : { ...guard, signal: AbortSignal.any([guard.signal, signal]) };
  let start: P | null = listing.first;
  while (start !== null) {
    const input: PageInput<P> = { ...start, Bucket: bucket, Prefix: prefix, EncodingType: 'url' };
    const { page, next }: FetchedPage<T, P> = await runGuarded(stoppable, { operation, bucket }, (requests) =>
      requests.send(({ options }) => fetch(input, options)),
    );
    yield page;
    start = next;
  }
}
