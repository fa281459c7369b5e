import { ListObjectsV2Command, type ListObjectsV2CommandInput, type S3Client } from '@aws-sdk/client-s3';
import type { Guard } from '../../guard/guard.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { readStoreClock } from '../protocol/store-clock.ts';
import {
  doubtName,
  isUnsure,
  readEncoding,
  readListedKey,
  readTruncation,
  type DoubtfulName,
  type PageEncoding,
} from './page-encoding.ts';
import { keysOf, readHeadText, readListedSize, readPage, refusePage } from './page-entries.ts';
import { IS_UNSURE, type ListRequest, readPages } from './read-pages.ts';
import type { XmlEntry, XmlPage } from './xml-entries.ts';
import { parseIsoTime, sinceS3Began } from '../../wire-time.ts';

/** One stored object, as a listing reports it. */
export interface ListedObject extends DoubtfulName {
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
    const readList = readPage(command, OBJECTS);
    await s3.send(command, options);
    const list = readList();
    assertWhole(list);
    const encoding = readEncoding(list, input.EncodingType !== undefined);
    if (isUnsure(encoding, keysOf(list))) return IS_UNSURE;
    const objects = list.entries.map((entry) => parseListed(entry, encoding));
    const next = findNext(list);
    const page = { objects, storeNowMs: storeClock(), isLast: next === null };
    return { page, next, first: objects[0]?.key ?? null };
  });
}

/** A key for the first page, then the token from the previous page. */
type PageStart = Pick<ListObjectsV2CommandInput, 'StartAfter' | 'ContinuationToken'>;

const OBJECTS: ReadonlySet<string> = new Set(['Contents']);

/** Rejects a page from a proxy, which parses to nothing, and a page that is not all that it says. */
function assertWhole(list: XmlPage): void {
  const count = readHeadText(list, 'KeyCount');
  // It must not count as "0 objects".
  if (readHeadText(list, 'Name') === null && count === null)
    refusePage('the response to the listing does not come from S3');
  const groups = list.head.get('commonprefixes')?.length ?? 0;
  if (count === null || (/^[ \t\r\n]*\d{1,9}[ \t\r\n]*$/.test(count) && Number(count) === list.entries.length + groups))
    return;
  const and = groups === 0 ? '' : ` and ${countOf(groups, 'common prefix', 'es')}`;
  refusePage(`the listing has ${countOf(list.entries.length, 'object', 's')}${and}, and counts ${count}`);
}

function countOf(count: number, noun: string, plural: string): string {
  return `${count} ${noun}${count === 1 ? '' : plural}`;
}

/** Where the next page starts. A token means that there is more, as for the SDK's paginator and the AWS CLI. */
function findNext(list: XmlPage): PageStart | null {
  const isTruncated = readTruncation(list);
  const token = readHeadText(list, 'NextContinuationToken');
  if (token !== null) return { ContinuationToken: token };
  // The marker of the older listing, from a store that does not know this one.
  const hasMarker = isTruncated === null && readHeadText(list, 'NextMarker') !== null;
  if (isTruncated === true || hasMarker) return refusePage('a truncated listing has no marker for the next page');
  return null;
}

/** Rejects an entry without a key, a time or a size, because S3 writes all three. */
function parseListed({ fields }: XmlEntry, encoding: PageEncoding): ListedObject {
  const { Key = '', LastModified = '', Size = '', ETag = '' } = fields;
  const [timeMs, sizeBytes] = [parseIsoTime(LastModified), readListedSize(Size)];
  if (Key === '' || timeMs === null || sizeBytes === null) {
    throw new TransferFault('not_s3', 'a listed object has no key, time or size');
  }
  const key = readListedKey(Key, encoding);
  const etag = ETag === '' ? null : ETag;
  return { key, sizeBytes, lastModifiedMs: sinceS3Began(timeMs), etag, ...doubtName(key, encoding) };
}
