import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';
import type { OperationTarget } from '../../operations.ts';

export interface ListRequest {
  readonly bucket: string;
  /** Keys that begin with it; empty for all. */
  readonly prefix: string;
  /** Only keys after this one, in the order of their UTF-8 bytes; it need not exist. @default null: all */
  readonly startAfter?: string | null;
  /** Ends this listing alone, with its reason. */
  readonly signal?: AbortSignal;
}

/** One page of a listing, and where the next one begins; null after the last. */
export interface FetchedPage<T, P> {
  readonly page: T;
  readonly next: P | null;
}

/** What every listing requests. Keys with control characters cannot stand in XML, so they are requested encoded. */
type PageInput<P> = P & { readonly Bucket: string; readonly Prefix: string; readonly EncodingType: 'url' };

interface Listing<P> {
  readonly operation: OperationTarget['operation'];
  readonly request: ListRequest;
  /** Where the first page begins. */
  readonly first: P;
}

/**
 * Streams a listing page by page, so that memory does not grow with it. Each page is one guarded operation, and is
 * requested only when it is wanted.
 */
export async function* readPages<T, P>(
  guard: Guard,
  { operation, request: { bucket, prefix, signal }, first }: Listing<P>,
  fetch: (input: PageInput<P>, options: WatchedOptions) => Promise<FetchedPage<T, P>>,
): AsyncGenerator<T> {
  const stoppable = signal === undefined ? guard : { ...guard, signal: AbortSignal.any([guard.signal, signal]) };
  let start: P | null = first;
  while (start !== null) {
    const input: PageInput<P> = { ...start, Bucket: bucket, Prefix: prefix, EncodingType: 'url' };
    const { page, next }: FetchedPage<T, P> = await runGuarded(stoppable, { operation, bucket }, (requests) =>
      requests.send(({ options }) => fetch(input, options)),
    );
    yield page;
    start = next;
  }
}
