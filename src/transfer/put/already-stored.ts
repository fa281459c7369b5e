import { createHash } from 'node:crypto';
import { bareEtag, composeEtag } from '../../s3/checksum/etag.ts';
import type { StatedIdentity } from '../../s3/download/listed-identity.ts';
import type { ListedPage } from '../../s3/list/list-objects.ts';
import { isBelieved } from '../../s3/protocol/store-clock.ts';
import { DigestSet } from './digest-set.ts';
import type { LocalFile } from './source-file.ts';
import { choosePartSize } from './part-size.ts';

/** The most objects to keep, two digests each; any others are sent again. */
const OBJECTS_MAX = 500_000;

/** Bytes read at a time to compare a file with an object. */
const READ_BYTES = 1024 * 1024;

/** The objects below a destination that an earlier, interrupted run stored. */
export class StoredObjects {
  readonly #digests = new DigestSet(2 * OBJECTS_MAX);

  /**
   * Reads a listing, and keeps digests of the name, size and ETag of each object stored since that run started.
   * @param sinceMs when that run started, on this machine's clock; the listing uses the store's
   */
  static async read(
    pages: AsyncIterable<ListedPage>,
    { sinceMs, now }: { sinceMs: number; now: () => number },
  ): Promise<StoredObjects> {
    const stored = new StoredObjects();
    for await (const { objects, storeNowMs } of pages) {
      // Stores report whole seconds, so a time can be up to a second too early.
      const since = sinceMs + measureLead(storeNowMs, now()) - 1000;
      for (const { key, sizeBytes, lastModifiedMs, etag } of objects) {
        if (lastModifiedMs === null || lastModifiedMs < since || etag === null) continue;
        stored.#digests.add(nameSize(key, sizeBytes));
        stored.#digests.add(nameEtag(key, etag));
      }
    }
    return stored;
  }

  /**
   * Whether the object exists with exactly the file's bytes. Reads the file only if an object with its name and size
   * exists. False if the ETag is not made of MD5s, as with KMS keys.
   */
  async has(key: string, file: LocalFile, partSizeBytes: number | null): Promise<boolean> {
    const { path, identity } = file;
    const { sizeBytes } = identity;
    if (!this.#digests.has(nameSize(key, sizeBytes))) return false;
    const etag = await computeEtag(file, choosePartSize({ path, sizeBytes }, partSizeBytes));
    return this.#digests.has(nameEtag(key, etag));
  }

  /** Whether this is an object as it was listed. */
  includes(key: string, { etag, sizeBytes }: StatedIdentity): boolean {
    const hasSize = sizeBytes === null || this.#digests.has(nameSize(key, sizeBytes));
    return hasSize && (etag === null || this.#digests.has(nameEtag(key, etag)));
  }
}

/** How far the store's clock is ahead of ours. An implausible `Date` must not make older objects count. */
function measureLead(storeNowMs: number | null, nowMs: number): number {
  if (storeNowMs === null) return 0;
  return isBelieved(storeNowMs, nowMs) ? storeNowMs - nowMs : Math.max(0, storeNowMs - nowMs);
}

/** The ETag that S3 computes for a file sent in parts of that size. */
async function computeEtag(file: LocalFile, partSizeBytes: number): Promise<string> {
  const { sizeBytes } = file.identity;
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, sizeBytes));
  const etags: string[] = [];
  let offset = 0;
  do {
    const end = Math.min(offset + partSizeBytes, sizeBytes);
    const hash = createHash('md5');
    while (offset < end) {
      const bytes = buffer.subarray(0, Math.min(buffer.length, end - offset));
      await file.readAt(bytes, offset);
      hash.update(bytes);
      offset += bytes.length;
    }
    etags.push(hash.digest('hex'));
  } while (offset < sizeBytes);
  const [only = ''] = etags;
  return sizeBytes <= partSizeBytes ? only : (composeEtag(etags) ?? '');
}

function nameSize(key: string, sizeBytes: number): string {
  return `size ${sizeBytes} ${key}`;
}

function nameEtag(key: string, etag: string): string {
  return `etag ${bareEtag(etag)} ${key}`;
}
