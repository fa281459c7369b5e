import type { ListedVersion } from '../../s3/list/list-versions.ts';
import type { SweepItem } from '../sweep-item.ts';

/**
 * Selects the versions that can be deleted without deleting a current object: noncurrent versions, noncurrent delete
 * markers, and current delete markers of keys without versions.
 *
 * A current marker hides its object: deleting it while the key still has versions would restore the newest one. A key's
 * versions may continue on the next page, so the sieve remembers the marker of the last key. If this sweep deletes a
 * key's versions, the next sweep deletes its marker.
 */
export class VersionSieve {
  /** The last key listed. */
  #key: string | null = null;
  /** The key's current delete marker; null if there is none. */
  #marker: ListedVersion | null = null;
  #hasVersion = false;

  /** Takes the next page, in key order. The last page returns the rest. */
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

function toItem({ key, versionId, sizeBytes, lastModifiedMs, etag }: ListedVersion): SweepItem {
  return { key, versionId, sizeBytes, lastModifiedMs, etag };
}
