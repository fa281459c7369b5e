import type { ListedPage } from '../client/listing.ts';
import type { ObjectStore } from '../client/object-store.ts';
import { isExpired } from './expiry.ts';
import { EVERY_KEY, type KeySpan, type SweepItem, type SweepPage } from './sweep-item.ts';

export interface SelectionRequest {
  readonly bucket: string;
  /** Keys that begin with it; empty for the whole bucket, which the caller must have meant. */
  readonly prefix: string;
  /** Least age of what is selected, in ms; at least 0. */
  readonly olderThanMs: number;
  /** Only keys in this stretch. @default all */
  readonly within?: KeySpan;
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
  { bucket, prefix, olderThanMs, within = EVERY_KEY }: SelectionRequest,
  { store, now }: SelectionContext,
): AsyncGenerator<SweepPage> {
  let { after } = within;
  for await (const page of store.list({ bucket, prefix, circuit: null, startAfter: within.after })) {
    const storeNowMs = page.storeNowMs ?? now();
    const lastKey = page.objects.at(-1)?.key ?? after;
    const isBehind = (key: string): boolean =>
      within.through !== null && Buffer.compare(Buffer.from(key), Buffer.from(within.through)) > 0;
    const isDone = page.isLast || (lastKey !== null && isBehind(lastKey));
    const through: string | null = isDone ? within.through : lastKey;
    const expired = page.objects.filter(
      (object) => isExpired(object, { storeNowMs, olderThanMs }) && !isBehind(object.key),
    );
    yield { items: expired.map(toItem), storeNowMs: page.storeNowMs, span: { after, through } };
    if (isDone) return;
    after = through;
  }
}

function toItem(object: ListedPage['objects'][number]): SweepItem {
  return { ...object, versionId: null };
}
