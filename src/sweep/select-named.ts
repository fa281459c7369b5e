import type { ObjectStore } from '../s3/object-store.ts';
import type { AgeClock } from './age-clock.ts';
import { filterItems, type ItemFilter } from './item-filter.ts';
import type { SweepItem, SweepPage } from './sweep-item.ts';

export interface NamedRequest {
  readonly bucket: string;
  readonly prefix: string;
  /** At most 1,000 items each, with what their source knows of them. */
  readonly pages: AsyncIterable<readonly SweepItem[]>;
}

export interface NamedContext {
  readonly store: Pick<ObjectStore, 'list' | 'statKeys'>;
  readonly ageClock: AgeClock;
}

/**
 * Selects among named keys. Where a condition asks for what the source does not know of a key, the store is asked.
 *
 * A time that was written down earlier, in an inventory, is believed only together with an ETag: the delete is then bound
 * to it, and an object overwritten since stays. Without one the store is asked too.
 * A key that is named twice within a page counts once.
 */
export async function* selectNamed(
  { bucket, prefix, pages }: NamedRequest,
  { store, ageClock }: NamedContext,
  filter: ItemFilter,
): AsyncGenerator<SweepPage> {
  let clock: { readonly storeNowMs: number | null } | null = null;
  for await (const page of pages) {
    const named = dropRepeated(page).filter(({ key }) => filter.takesKey(key));
    if (filter.asksForAge && named.some(({ lastModifiedMs }) => lastModifiedMs !== null)) {
      clock ??= { storeNowMs: await readStoreClock(store, { bucket, prefix }) };
    }
    const nowMs = ageClock(clock?.storeNowMs ?? null);
    // What its source already shows not to match needs no question.
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

/** The store's time, where its source has told the times: from the first page of a listing, which also shows that there is a store. */
async function readStoreClock(
  store: NamedContext['store'],
  { bucket, prefix }: Pick<NamedRequest, 'bucket' | 'prefix'>,
): Promise<number | null> {
  for await (const { storeNowMs } of store.list({ bucket, prefix })) return storeNowMs;
  return null;
}

/** Its source tells all that is asked for, and an ETag to hold the delete to it. */
function isKnown(item: SweepItem, { asksForAge, asksForSize }: ItemFilter): boolean {
  if (asksForAge && (item.lastModifiedMs === null || item.etag === null)) return false;
  return !asksForSize || (item.sizeBytes !== null && item.etag !== null);
}
