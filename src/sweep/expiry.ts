import type { ListedObject } from '../client/listing.ts';

/**
 * Whether an object is past its age: last modified at least `olderThanMs` before `storeNowMs`.
 * Both times are the store's own, so that a wrong clock here deletes nothing early.
 */
export function isExpired(
  object: ListedObject,
  { storeNowMs, olderThanMs }: { storeNowMs: number; olderThanMs: number },
): boolean {
  return storeNowMs - object.lastModifiedMs >= olderThanMs;
}
