import type { Stayed } from '../../s3/delete/batch-outcome.ts';
import type { StatedKeys, UnreadableKey } from '../../s3/list/stat-keys.ts';
import type { ObjectStore } from '../../s3/object-store.ts';
import type { AgeClock } from './age-clock.ts';
import { filterItems, type ItemFilter } from './item-filter.ts';
import type { SweepItem, SweepPage } from '../sweep-item.ts';

interface NamedRequest {
  readonly bucket: string;
  readonly prefix: string;
  /** At most 1,000 items per page, with the fields that the source provides. */
  readonly pages: AsyncIterable<readonly SweepItem[]>;
}

type NamedStore = Pick<ObjectStore, 'list' | 'statKeys'>;

/** Keys looked up at once until the first answer: enough to see that everything is denied. */
const FIRST_LOOKS_MAX = 100;

/**
 * Selects among named keys. Requests missing fields from the store if a condition needs them.
 *
 * A time from an inventory is used only with an ETag: the delete is then conditional and keeps an object that was
 * overwritten since. Without an ETag, the object is looked up in the store. Repeated keys within a page count once.
 * @throws BreakwaterError if the store answers about no key at all
 */
export async function* selectNamed(
  { bucket, prefix, pages }: NamedRequest,
  { store, ageClock }: { readonly store: NamedStore; readonly ageClock: AgeClock },
  filter: ItemFilter,
): AsyncGenerator<SweepPage> {
  const lookUp = openLookUp(store, bucket);
  let clock: { readonly storeNowMs: number | null } | null = null;
  for await (const page of pages) {
    const named = dropRepeated(page).filter(({ key }) => filter.takesKey(key));
    if (filter.asksForAge && named.some(({ lastModifiedMs }) => lastModifiedMs !== null)) {
      clock ??= { storeNowMs: await readStoreClock(store, { bucket, prefix }) };
      lookUp.isAnswered = true;
    }
    const nowMs = ageClock(clock?.storeNowMs ?? null);
    // Skip requests for items that cannot match.
    const candidates = named.filter(
      (item) => item.lastModifiedMs === null || item.sizeBytes === null || filter.takes(item, nowMs),
    );
    const known = candidates.filter((item) => isKnown(item, filter));
    if (known.length > 0)
      yield { ...filterItems(known, { filter, nowMs }), unreadable: [], isReadable: false, span: null };
    const asked = candidates.filter((item) => !isKnown(item, filter)).map(({ key }) => key);
    for await (const { objects, unreadable, storeNowMs } of lookUp.find(asked)) {
      const items = objects.map((object): SweepItem => ({ ...object, versionId: null }));
      const lookedAtMs = storeNowMs === null ? nowMs : ageClock(storeNowMs);
      yield {
        ...filterItems(items, { filter, nowMs: lookedAtMs }),
        unreadable: unreadable.map(toStayed),
        isReadable: lookUp.isAnswered,
        span: null,
      };
    }
  }
}

/** Looks up keys, in parts until the store has answered. */
function openLookUp(store: NamedStore, bucket: string) {
  const lookUp = {
    isAnswered: false,
    find: async function* find(keys: readonly string[]): AsyncGenerator<StatedKeys> {
      for (let rest = keys; rest.length > 0;) {
        const part = lookUp.isAnswered ? rest : rest.slice(0, FIRST_LOOKS_MAX);
        rest = rest.slice(part.length);
        const found = await store.statKeys({ bucket, keys: part });
        const [first] = found.unreadable;
        const isMute = found.unreadable.length === part.length && found.unreadable.every(isNoAnswer);
        if (!lookUp.isAnswered && isMute && first !== undefined) throw first.error;
        lookUp.isAnswered ||= found.unreadable.length < part.length;
        yield found;
      }
    },
  };
  return lookUp;
}

/** Whether a failure may concern the store rather than the key: it is down, or not S3. */
function isNoAnswer({ error: { code } }: UnreadableKey): boolean {
  return code === 'unavailable' || code === 'not_found';
}

function toStayed({ key, error: { code, message, details } }: UnreadableKey): Stayed<SweepItem> {
  const item = { key, versionId: null, sizeBytes: null, lastModifiedMs: null, etag: null };
  return { item, code: details.s3Code ?? details.reason ?? code, message };
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
