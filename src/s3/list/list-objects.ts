import {
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { TransferFault } from '../../retry/transfer-fault.ts';
import type { Guard } from '../../guard/guard.ts';
import { readEntries, readListedSize, readListedTime } from './page-entries.ts';
import { type FetchedPage, readPages } from './read-pages.ts';
import { readStoreClock } from '../protocol/store-clock.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';
import type { XmlEntry } from './xml-entries.ts';

export interface ListRequest {
  readonly bucket: string;
  /** Keys that begin with it; empty for all. */
  readonly prefix: string;
  /** Only keys behind this one, in the order of their UTF-8 bytes; it need not exist. @default null: all */
  readonly startAfter?: string | null;
  /** Ends this listing alone, with its reason. */
  readonly signal?: AbortSignal;
}

/** One stored object, as a listing tells it. */
export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly lastModifiedMs: number;
  readonly etag: string | null;
}

export interface ListedPage {
  readonly objects: readonly ListedObject[];
  /** The store's own clock when it answered, in ms; null where it sent no `Date`. */
  readonly storeNowMs: number | null;
  /** No page comes after it. */
  readonly isLast: boolean;
}

/** Streams a listing page by page: 1,000 keys at most each. */
export function listObjects(s3: S3Client, guard: Guard, request: ListRequest): AsyncGenerator<ListedPage> {
  const { bucket, prefix, startAfter = null, signal } = request;
  const first = startAfter === null ? {} : { StartAfter: startAfter };
  return readPages<ListedPage, Place>(
    guard,
    { target: { operation: 'list_objects', bucket }, first, signal },
    async (place, options) => await fetchPage(s3, { Bucket: bucket, Prefix: prefix, ...place }, options),
  );
}

/** Behind a key or, once a page has come, at the token that came with it. */
type Place = Pick<ListObjectsV2CommandInput, 'StartAfter' | 'ContinuationToken'>;

const OBJECTS: ReadonlySet<string> = new Set(['Contents']);

async function fetchPage(
  s3: S3Client,
  input: ListObjectsV2CommandInput,
  options: WatchedOptions,
): Promise<FetchedPage<ListedPage, Place>> {
  // Keys with control characters cannot stand in XML: ask for them encoded.
  const command = new ListObjectsV2Command({ ...input, EncodingType: 'url' });
  const storeClock = readStoreClock(command);
  const contents = readEntries(command, OBJECTS);
  const response = await s3.send(command, options);
  // A proxy's page with status 200 parses to nothing at all; it must never read as "0 objects".
  if (response.Name === undefined && response.KeyCount === undefined) {
    throw new TransferFault('not_s3', 'the answer to the listing is not one of S3');
  }
  if (response.IsTruncated === true && response.NextContinuationToken === undefined) {
    throw new TransferFault('not_s3', 'a truncated listing came without a way to continue');
  }
  const isEncoded = response.EncodingType === 'url';
  const objects = contents().map((entry) => parseListed(entry, { isEncoded }));
  const next = response.IsTruncated === true ? { ContinuationToken: response.NextContinuationToken } : null;
  return { page: { objects, storeNowMs: storeClock(), isLast: next === null }, next };
}

/** An entry without a key or a time is no entry: a sweep that took 1970 for its age would delete it. */
function parseListed({ fields }: XmlEntry, { isEncoded }: { isEncoded: boolean }): ListedObject {
  const { Key, LastModified, Size = '0', ETag } = fields;
  const [lastModifiedMs, sizeBytes] = [readListedTime(LastModified), readListedSize(Size)];
  if (Key === undefined || lastModifiedMs === null || sizeBytes === null) {
    throw new TransferFault('not_s3', 'a listed object came without its key, its time or its size');
  }
  return { key: isEncoded ? decodeKey(Key) : Key, sizeBytes, lastModifiedMs, etag: ETag ?? null };
}

/** Percent-decoding is right on AWS, Ceph and Swift alike; AWS also writes a space as `+` (a plus is `%2B` everywhere). */
export function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', '%20'));
  } catch (error) {
    throw new TransferFault('not_s3', `a listed key cannot be decoded: ${encoded}`, { cause: error });
  }
}

/**
 * The key at which the next page of a list goes on; null after the last page.
 * @throws TransferFault `not_s3` where there is more and no key
 */
export function readNextKey({
  IsTruncated,
  NextKeyMarker,
  EncodingType,
}: Pick<ListMultipartUploadsCommandOutput, 'IsTruncated' | 'NextKeyMarker' | 'EncodingType'>): string | null {
  if (IsTruncated !== true) return null;
  if (NextKeyMarker === undefined || NextKeyMarker === '') {
    throw new TransferFault('not_s3', 'a truncated listing came without a way to continue');
  }
  return EncodingType === 'url' ? decodeKey(NextKeyMarker) : NextKeyMarker;
}
