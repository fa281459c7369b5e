import type { ListedObject } from '../../s3/list/list-objects.ts';
import type { ListedVersion } from '../../s3/list/list-versions.ts';
import type { ListRequest } from '../../s3/list/read-pages.ts';
import type { ObjectStore } from '../../s3/object-store.ts';
import { assertNever, BreakwaterError } from '../../errors.ts';
import type { AgeClock } from './age-clock.ts';
import { createItemFilter, filterItems, type ItemConditions, type ItemFilter } from './item-filter.ts';
import { listInParallel, type RangePage } from '../listing/parallel-listing.ts';
import type { KeyFile } from '../refuse-report.ts';
import { proveNames, toDoubted } from './prove-names.ts';
import { selectNamed } from './select-named.ts';
import { createSplitter } from '../listing/split-key.ts';
import { EVERY_KEY, type KeySpan, type SweepItem, type SweepPage } from '../sweep-item.ts';
import { CURRENT_UNKNOWN, VersionSieve } from './version-sieve.ts';
import type { KeyedEntry, KeyRange } from '../listing/key-ranges.ts';

/** The source of the items. */
export type SelectionSource =
  /** A listing of the current objects. */
  | { readonly kind: 'objects' }
  /** A listing of noncurrent versions and expired delete markers (version-sieve.ts). */
  | { readonly kind: 'versions' }
  /** A list of keys or an inventory, in pages of at most 1,000. Opened again for every pass. */
  | {
      readonly kind: 'named';
      readonly open: () => AsyncIterable<readonly SweepItem[]>;
      /** The local files that it reads, which must not be written to. @default none */
      readonly files?: readonly KeyFile[];
    };

export interface SelectionRequest extends ItemConditions {
  readonly bucket: string;
  /** Only keys with this prefix; empty for the whole bucket, which the caller must intend. */
  readonly prefix: string;
  /** @default { kind: 'objects' } */
  readonly source?: SelectionSource;
  /** Only keys in this range; a `named` source ignores it. @default EVERY_KEY */
  readonly within?: KeySpan;
  /** Parallel listings, at least 1. @default LIST_CONCURRENCY */
  readonly listConcurrency?: number;
}

/** The part of a request that comes from flags. */
export type Selection = Required<
  Pick<SelectionRequest, 'patterns' | 'minSizeBytes' | 'maxSizeBytes' | 'source' | 'listConcurrency'>
> &
  Pick<SelectionRequest, 'shard'>;

export interface SelectionContext {
  readonly store: Pick<ObjectStore, 'list' | 'listVersions' | 'statKeys'>;
  readonly ageClock: AgeClock;
}

/** Default number of parallel listings: enough to hide S3's latency behind our parser. */
export const LIST_CONCURRENCY = 8;

/**
 * Streams the items that a sweep would delete, page by page, so that memory does not grow with the bucket. Sends no
 * write request. Each item appears once, in no particular order.
 * @throws BreakwaterError if the listing fails
 */
export function selectItems(request: SelectionRequest, context: SelectionContext): AsyncIterable<SweepPage> {
  const filter = createItemFilter(request.prefix, request);
  const { source = { kind: 'objects' } } = request;
  switch (source.kind) {
    case 'objects':
      return selectObjects(request, context, filter);
    case 'versions':
      return selectVersions(request, context, filter);
    case 'named':
      return selectNamed({ bucket: request.bucket, prefix: request.prefix, pages: source.open() }, context, filter);
    default:
      return assertNever(source);
  }
}

async function* selectObjects(
  request: SelectionRequest,
  { store, ageClock }: SelectionContext,
  filter: ItemFilter,
): AsyncGenerator<SweepPage> {
  const listing = listEverything(request, async function* open(place) {
    for await (const page of store.list(place)) yield { ...page, entries: page.objects };
  });
  for await (const { entries, page, span } of listing) {
    const nowMs = ageClock(page.storeNowMs);
    const { items, unknownAge } = filterItems(entries.map(toItem), { filter, nowMs });
    const doubtful = new Set(entries.filter(({ isDoubtful }) => isDoubtful).map(({ key }) => key));
    yield {
      ...(await proveNames({ bucket: request.bucket, items, doubtful }, store)),
      unknownAge,
      isReadable: false,
      span,
    };
  }
}

async function* selectVersions(
  request: SelectionRequest,
  { store, ageClock }: SelectionContext,
  filter: ItemFilter,
): AsyncGenerator<SweepPage> {
  const open = async function* open(place: ListRequest): AsyncGenerator<ListingPage<ListedVersion>> {
    for await (const page of store.listVersions(place)) yield { ...page, entries: page.versions };
  };
  // Out of order, versions may come after their delete marker was taken for the last of its key.
  const listing = listEverything(request, open, { isOrderRequired: true });
  // Ranges end between keys, so each can have its own sieve.
  const sieves = new Map<KeyRange, VersionSieve>();
  for await (const { entries, page, range, isDone } of listing) {
    const sieve = sieves.get(range) ?? new VersionSieve();
    sieves.set(range, sieve);
    const candidates = sieve.take(
      entries.filter(({ isDoubtful }) => isDoubtful !== true),
      { isLast: isDone, cutKey: page.cutKey, lastKey: page.lastKey },
    );
    if (isDone) sieves.delete(range);
    const nowMs = ageClock(page.storeNowMs);
    const doubted = entries.filter(({ isDoubtful, isLatest }) => isDoubtful === true && !isLatest).map(toVersionItem);
    const currentless = filterItems(sieve.takeKept(), { filter, nowMs }).items;
    const unreadable = [
      ...filterItems(doubted, { filter, nowMs }).items.map(toDoubted),
      ...currentless.map((item) => ({ item, ...CURRENT_UNKNOWN })),
    ];
    // The versions of the last key may continue on the next page, so no span is complete.
    yield { ...filterItems(candidates, { filter, nowMs }), unreadable, isReadable: false, span: null };
  }
}

interface ListingPage<T> {
  readonly entries: readonly T[];
  readonly isLast: boolean;
  readonly storeNowMs: number | null;
  readonly cutKey?: string;
  readonly lastKey?: string | null;
}

/** Lists everything below the prefix in parallel. Ending the generator ends all listings. */
async function* listEverything<T extends KeyedEntry>(
  { bucket, prefix, within = EVERY_KEY, listConcurrency = LIST_CONCURRENCY }: SelectionRequest,
  open: (place: ListRequest) => AsyncIterable<ListingPage<T>>,
  { isOrderRequired }: { readonly isOrderRequired: boolean } = { isOrderRequired: false },
): AsyncGenerator<RangePage<T, ListingPage<T>>> {
  const ending = new AbortController();
  const location = { bucket, prefix, signal: ending.signal };
  try {
    const listing = listInParallel<T, ListingPage<T>>((startAfter) => open({ ...location, startAfter }), {
      prefix,
      within,
      rangesMax: listConcurrency,
      isOrderRequired,
      splitter: createSplitter(),
    });
    yield* listing;
  } finally {
    ending.abort(new BreakwaterError('interrupted', 'the listing was ended'));
  }
}

function toVersionItem({ key, versionId, sizeBytes, lastModifiedMs }: ListedVersion): SweepItem {
  return { key, versionId, sizeBytes, lastModifiedMs, etag: null };
}

function toItem({ key, sizeBytes, lastModifiedMs, etag }: ListedObject): SweepItem {
  return { key, versionId: null, sizeBytes, lastModifiedMs, etag };
}
