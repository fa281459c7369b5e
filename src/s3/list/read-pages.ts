import type { Guard } from '../../guard/guard.ts';
import type { OperationTarget } from '../../operations.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';

/** One page of a list, and where the next one begins; null after the last. */
export interface FetchedPage<T, P> {
  readonly page: T;
  readonly next: P | null;
}

export interface PagesRequest<P> {
  readonly target: OperationTarget;
  /** Where the first page begins. */
  readonly first: P;
  /** Ends this list alone, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Streams a list page by page, so that memory does not grow with it. Each page is one guarded operation, and asked for
 * only when it is wanted.
 */
export async function* readPages<T, P>(
  guard: Guard,
  { target, first, signal }: PagesRequest<P>,
  fetch: (place: P, options: WatchedOptions) => Promise<FetchedPage<T, P>>,
): AsyncGenerator<T> {
  const ending = signal === undefined ? guard : { ...guard, signal: AbortSignal.any([guard.signal, signal]) };
  let place: P | null = first;
  while (place !== null) {
    const from: P = place;
    const { page, next }: FetchedPage<T, P> = await runGuarded(
      ending,
      target,
      async (requests) => await requests.send(async ({ options }) => await fetch(from, options)),
    );
    yield page;
    place = next;
  }
}
