import type { ObjectStore } from '../s3/object-store.ts';
import type { AgeClock } from './age-clock.ts';
import { filterItems, type ItemFilter } from './item-filter.ts';
import type { SweepItem, SweepPage } from './sweep-item.ts';

interface NamedRequest {
  readonly bucket: string;
  readonly prefix: string;
  /** At most 1,000 items per page, with the fields that the source provides. */
  readonly pages: AsyncIterable<readonly SweepItem[]>;
}

type NamedStore = Pick<ObjectStore, 'list' | 'statKeys'>;

/**
 * Selects among named keys. Requests missing fields from the store if a condition needs them.
 *
 * A time from an inventory is used only with an ETag: the delete is then conditional and keeps an object that was
 * overwritten since. Without an ETag, the object is looked up in the store. Repeated keys within a page count once.
 */
export async function* selectNamed(
  { bucket, prefix, pages }: NamedRequest,
  { store, ageClock }: { readonly store: NamedStore; readonly ageClock: AgeClock },
  filter: ItemFilter,
): AsyncGenerator<SweepPage> {
  let clock: { readonly storeNowMs: number | null } | null = null;
  for await (const page of pages) {
    const named = dropRepeated(page).filter(({ key }) => filter.takesKey(key));
    if (filter.asksForAge && named.some(({ lastModifiedMs }) => lastModifiedMs !== null)) {
      clock ??= { storeNowMs: await readStoreClock(store, { bucket, prefix }) };
    }
    const nowMs = ageClock(clock?.storeNowMs ?? null);
    // Skip requests for items that cannot match.
    const candidates = named.filter(
      (item) => item.lastModifiedMs === null || item.sizeBytes === null || filter.takes(item, nowMs),
    );
    const items = candidates.filter((item) => isKnown(item, filter));
    const asked = candidates.filter((item) => !isKnown(item, filter));
    if (asked.length === 0) {
      yield { ...filterItems(items, { filter, nowMs }), span: null };
      continue;
    }
    const { objects, storeNowMs } = await store.statKeys({ bucket, keys: asked.map(({ key }) => key) });
    items.push(...objects.map((object): SweepItem => ({ ...object, versionId: null })));
    yield { ...filterItems(items, { filter, nowMs: storeNowMs === null ? nowMs : ageClock(storeNowMs) }), span: null };
  }
}

function dropRepeated(items: readonly SweepItem[]): readonly SweepItem[] {
  return [...new Map(items.map((item) => [item.key, item])).values()];
}

/** The store's time from the first page of a listing, which also checks that the bucket exists. */
async function readStoreClock(
  store: NamedStore,
  { bucket, prefix }: Pick<NamedRequest, 'bucket' | 'prefix'>,
): Promise<number | null> {
  for await (const { storeNowMs } of store.list({ bucket, prefix })) return storeNowMs;
  return null;
}

/** Whether the source provides every field that the conditions need, and an ETag for the delete. */
function isKnown(item: SweepItem, { asksForAge, asksForSize }: ItemFilter): boolean {
  if (asksForAge && (item.lastModifiedMs === null || item.etag === null)) return false;
  return !asksForSize || (item.sizeBytes !== null && item.etag !== null);
}
