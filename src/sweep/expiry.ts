/**
 * Whether something is past its age: last modified at least `olderThanMs` before `storeNowMs`.
 * Both times are the store's own, so that a wrong clock here deletes nothing early.
 */
export function isExpired(
  { lastModifiedMs }: { readonly lastModifiedMs: number },
  { storeNowMs, olderThanMs }: { storeNowMs: number; olderThanMs: number },
): boolean {
  return storeNowMs - lastModifiedMs >= olderThanMs;
}
