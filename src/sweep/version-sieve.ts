import type { ListedVersion } from '../s3/list/list-versions.ts';
import type { SweepItem } from './sweep-item.ts';

/**
 * Picks, out of a listing of versions, those that can go without any current object going: noncurrent versions,
 * noncurrent delete markers, and current delete markers behind which no version is left.
 *
 * A current marker hides its object; while versions of that key are left, its deletion would bring the newest of them
 * back. So it must be known of the whole key, which may go on with the next page: the sieve remembers that one marker.
 * A marker whose versions go in this sweep goes with the next one, when they are gone for certain.
 */
export class VersionSieve {
  /** The key that was listed last. */
  #key: string | null = null;
  /** Its current marker; null where it has none. */
  #marker: ListedVersion | null = null;
  #hasVersion = false;

  /** Takes the next page of a listing, in the order of keys; the rest comes out with the last one. */
  take(versions: readonly ListedVersion[], { isLast }: { isLast: boolean }): readonly SweepItem[] {
    const items: SweepItem[] = [];
    const release = (): void => {
      if (this.#marker !== null && !this.#hasVersion) items.push(toItem(this.#marker));
      this.#marker = null;
      this.#hasVersion = false;
    };
    for (const group of groupByKey(versions)) {
      if (group.key !== this.#key) {
        release();
        this.#key = group.key;
      }
      items.push(...group.versions.filter(({ isLatest }) => !isLatest).map(toItem));
      this.#marker ??= group.versions.find(({ isLatest, isDeleteMarker }) => isLatest && isDeleteMarker) ?? null;
      this.#hasVersion ||= group.versions.some(({ isDeleteMarker }) => !isDeleteMarker);
    }
    if (isLast) release();
    return items;
  }
}

function* groupByKey(
  versions: readonly ListedVersion[],
): Generator<{ readonly key: string; readonly versions: readonly ListedVersion[] }> {
  let start = 0;
  for (let index = 1; index <= versions.length; index += 1) {
    const first = versions[start];
    if (first === undefined || versions[index]?.key === first.key) continue;
    yield { key: first.key, versions: versions.slice(start, index) };
    start = index;
  }
}

/** Without its ETag: a version never changes, so there is nothing to compare. */
function toItem({ key, versionId, sizeBytes, lastModifiedMs }: ListedVersion): SweepItem {
  return { key, versionId, sizeBytes, lastModifiedMs, etag: null };
}
