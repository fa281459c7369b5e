import type { ListedPage } from '../client/listing.ts';
import type { ObjectStore } from '../client/object-store.ts';
import { isExpired } from './expiry.ts';
import type { SweepItem, SweepPage } from './sweep-item.ts';

export interface SelectionRequest {
  readonly bucket: string;
  /** Keys that begin with it; empty for the whole bucket, which the caller must have meant. */
  readonly prefix: string;
  /** Least age of what is selected, in ms; at least 0. */
  readonly olderThanMs: number;
}

export interface SelectionContext {
  readonly store: Pick<ObjectStore, 'list'>;
  /** Used only where the store does not tell its own time. */
  readonly now: () => number;
}

/**
 * Streams what a sweep is to delete, page by page, so that memory does not grow with the bucket. Sends no write
 * request. The order says nothing.
 * @throws BreakwaterError when the listing fails
 */
export async function* selectItems(
  { bucket, prefix, olderThanMs }: SelectionRequest,
  { store, now }: SelectionContext,
): AsyncGenerator<SweepPage> {
  let after: string | null = null;
  for await (const page of store.list({ bucket, prefix, circuit: null })) {
    const storeNowMs = page.storeNowMs ?? now();
    const through: string | null = page.isLast ? null : (page.objects.at(-1)?.key ?? after);
    const expired = page.objects.filter((object) => isExpired(object, { storeNowMs, olderThanMs }));
    yield { items: expired.map(toItem), storeNowMs: page.storeNowMs, span: { after, through } };
    after = through;
  }
}

function toItem(object: ListedPage['objects'][number]): SweepItem {
  return { ...object, versionId: null };
}
