import { ListObjectsV2Command, type ListObjectsV2CommandInput, type S3Client } from '@aws-sdk/client-s3';
import type { Guard } from '../../guard/guard.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { readStoreClock } from '../protocol/store-clock.ts';
import { readEntries, readListedKey, readListedSize } from './page-entries.ts';
import { type ListRequest, readPages } from './read-pages.ts';
import type { XmlEntry } from './xml-entries.ts';
import { parseIsoTime, sinceS3Began } from '../../wire-time.ts';

/** One stored object, as a listing reports it. */
export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Null if unknown: the store lists a time from before S3 launched. */
  readonly lastModifiedMs: number | null;
  readonly etag: string | null;
}

export interface ListedPage {
  readonly objects: readonly ListedObject[];
  /** The store's own clock at the time of the response, in ms; null if it sent no `Date`. */
  readonly storeNowMs: number | null;
  /** No page follows. */
  readonly isLast: boolean;
}

/** Streams a listing page by page: at most 1,000 keys each. */
export function listObjects(s3: S3Client, guard: Guard, request: ListRequest): AsyncGenerator<ListedPage> {
  const first: PageStart = { StartAfter: request.startAfter ?? undefined };
  return readPages(guard, { operation: 'list_objects', request, first }, async (input, options) => {
    const command = new ListObjectsV2Command(input);
    const storeClock = readStoreClock(command);
    const contents = readEntries(command, OBJECTS);
    const response = await s3.send(command, options);
    // A proxy's page with status 200 parses to nothing, which must not count as "0 objects".
    if (response.Name === undefined && response.KeyCount === undefined) {
      throw new TransferFault('not_s3', 'the response to the listing does not come from S3');
    }
    if (response.IsTruncated === true && response.NextContinuationToken === undefined) {
      throw new TransferFault('not_s3', 'a truncated listing has no marker for the next page');
    }
    const objects = contents().map((entry) => parseListed(entry, response.EncodingType));
    const next = response.IsTruncated === true ? { ContinuationToken: response.NextContinuationToken } : null;
    return { page: { objects, storeNowMs: storeClock(), isLast: next === null }, next };
  });
}

/** A key for the first page, then the token from the previous page. */
type PageStart = Pick<ListObjectsV2CommandInput, 'StartAfter' | 'ContinuationToken'>;

const OBJECTS: ReadonlySet<string> = new Set(['Contents']);

/** Rejects an entry without a key, a time or a size, because S3 writes all three. */
function parseListed({ fields }: XmlEntry, encoding: string | undefined): ListedObject {
  const { Key, LastModified = '', Size = '0', ETag } = fields;
  const [timeMs, sizeBytes] = [parseIsoTime(LastModified), readListedSize(Size)];
  if (Key === undefined || timeMs === null || sizeBytes === null) {
    throw new TransferFault('not_s3', 'a listed object has no key, time or size');
  }
  return { key: readListedKey(Key, encoding), sizeBytes, lastModifiedMs: sinceS3Began(timeMs), etag: ETag ?? null };
}
