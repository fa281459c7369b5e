import type { ListedVersion } from '../../s3/list/list-versions.ts';
import type { SweepItem } from '../sweep-item.ts';

/** The most versions of one key that wait for its current version: ten pages. Bounds memory. */
const HELD_MAX = 10_000;

/** The reason for keeping versions of a key of which the listing shows no current one. */
export const CURRENT_UNKNOWN = {
  code: 'current_unknown',
  message: 'the store lists none of the versions of this key as the current one, so all are kept',
};

/**
 * Selects the versions that can be deleted without deleting a current object: noncurrent versions, noncurrent delete
 * markers, and current delete markers of keys without versions.
 *
 * A noncurrent version is selected once the current version of its key was listed, because otherwise any of them may be
 * what a GET returns. A current marker hides its object: deleting it while the key still has versions would restore the
 * newest one. A key's versions may continue on the next page, so the sieve remembers what it has seen of the last key: the
 * one that the store names, because some stores do not sort by bytes, as the entries of a page are sorted. If this sweep
 * deletes a key's versions, the next sweep deletes its marker.
 */
export class VersionSieve {
  /** The last key listed. */
  #key: string | null = null;
  /** The key's current delete marker; null if there is none. */
  #marker: ListedVersion | null = null;
  #hasVersion = false;
  #hasCurrent = false;
  /** The store may not have shown all versions of the key. */
  #isCut = false;
  /** Versions of the key, while no current one was listed. */
  #held: SweepItem[] = [];
  #kept: SweepItem[] = [];

  /**
   * Takes the next page, in key order. The last page returns the rest.
   * @param page see `VersionPage`
   */
  take(versions: readonly ListedVersion[], { isLast, cutKey, lastKey }: PageFacts): readonly SweepItem[] {
    const items: SweepItem[] = [];
    const rank = ({ key }: KeyGroup): number => (key === this.#key ? 0 : key === lastKey ? 2 : 1);
    // The key that the last page ended with comes first, and the one that the next page may go on with last.
    for (const group of [...groupByKey(versions)].toSorted((a, b) => rank(a) - rank(b))) {
      if (group.key !== this.#key) {
        items.push(...this.#endKey());
        this.#key = group.key;
      }
      this.#addGroup(group.versions);
      if (this.#hasCurrent) items.push(...this.#held.splice(0));
      // The next page goes on with this key, so the store shows all of it, up to here.
      this.#isCut = cutKey === group.key;
    }
    if (this.#held.length > HELD_MAX) this.#kept = [...this.#kept, ...this.#held.splice(0)];
    if (isLast) items.push(...this.#endKey());
    return items;
  }

  /** Returns the versions that are kept since the last call, because no current version of their key was listed. */
  takeKept(): readonly SweepItem[] {
    const kept = this.#kept;
    this.#kept = [];
    return kept;
  }

  #addGroup(versions: readonly ListedVersion[]): void {
    this.#held.push(...versions.filter(({ isLatest }) => !isLatest).map(toItem));
    this.#marker ??= versions.find(({ isLatest, isDeleteMarker }) => isLatest && isDeleteMarker) ?? null;
    this.#hasVersion ||= versions.some(({ isDeleteMarker }) => !isDeleteMarker);
    this.#hasCurrent ||= versions.some(({ isLatest }) => isLatest);
  }

  /** @returns the marker of the key if nothing is behind it */
  #endKey(): readonly SweepItem[] {
    const marker = this.#marker !== null && !this.#hasVersion && !this.#isCut ? [toItem(this.#marker)] : [];
    this.#kept.push(...this.#held);
    this.#held = [];
    this.#marker = null;
    this.#hasVersion = false;
    this.#hasCurrent = false;
    this.#isCut = false;
    return marker;
  }
}

/** What is known of a page. */
interface PageFacts {
  readonly isLast: boolean;
  readonly cutKey?: string | undefined;
  readonly lastKey?: string | null | undefined;
}

interface KeyGroup {
  readonly key: string;
  readonly versions: readonly ListedVersion[];
}

function* groupByKey(versions: readonly ListedVersion[]): Generator<KeyGroup> {
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
