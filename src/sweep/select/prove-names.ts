import type { Stayed } from '../../s3/delete/batch-outcome.ts';
import { bareEtag } from '../../s3/checksum/etag.ts';
import type { ObjectStore } from '../../s3/object-store.ts';
import type { SweepItem, SweepPage } from '../sweep-item.ts';

/** The reason for keeping an object whose listed key may be the name of another one. */
export const DOUBTFUL_NAME = {
  code: 'doubtful_name',
  message: 'the store may list it under another name than its own, so it is kept',
};

export function toDoubted(item: SweepItem): Stayed<SweepItem> {
  return { item, ...DOUBTFUL_NAME };
}

/**
 * Keeps the objects whose key is doubtful, unless a look at that key finds the object that was listed: with its ETag and
 * its time to the second, because the time of a HEAD has no fraction.
 * @param doubtful the keys of the listing that are doubtful; as a rule none
 */
export async function proveNames(
  { bucket, items, doubtful }: { bucket: string; items: readonly SweepItem[]; doubtful: ReadonlySet<string> },
  store: Pick<ObjectStore, 'statKeys'>,
): Promise<Pick<SweepPage, 'items' | 'unreadable'>> {
  const doubted = items.filter(({ key }) => doubtful.has(key));
  if (doubted.length === 0) return { items, unreadable: [] };
  const { objects } = await store.statKeys({ bucket, keys: [...new Set(doubted.map(({ key }) => key))] });
  const found = new Map(objects.map((object) => [object.key, object]));
  const proven = new Set<SweepItem>();
  for (const item of doubted) {
    const object = found.get(item.key);
    if (object === undefined || !isSame(item, object)) continue;
    proven.add(item);
    // Another object is listed under the same name.
    found.delete(item.key);
  }
  return {
    items: items.filter((item) => !doubtful.has(item.key) || proven.has(item)),
    unreadable: doubted.filter((item) => !proven.has(item)).map(toDoubted),
  };
}

type Identity = Pick<SweepItem, 'etag' | 'lastModifiedMs'>;

function isSame(listed: Identity, found: Identity): boolean {
  if (listed.etag === null || found.etag === null || bareEtag(listed.etag) !== bareEtag(found.etag)) return false;
  const { lastModifiedMs: listedMs } = listed;
  const { lastModifiedMs: foundMs } = found;
  return listedMs !== null && foundMs !== null && Math.abs(listedMs - foundMs) < 1000;
}
