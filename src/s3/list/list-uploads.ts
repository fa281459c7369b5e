import { ListMultipartUploadsCommand, type ListMultipartUploadsCommandInput, type S3Client } from '@aws-sdk/client-s3';
import type { Guard } from '../../guard/guard.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { readStoreClock } from '../protocol/store-clock.ts';
import { isUnsure, readEncoding, readListedKey, readNextKey, type PageEncoding } from './page-encoding.ts';
import { keysOf, readHeadText, readPage, refusePage } from './page-entries.ts';
import { IS_UNSURE, type ListRequest, readPages } from './read-pages.ts';
import type { XmlEntry, XmlPage } from './xml-entries.ts';
import { parseIsoTime, sinceS3Began } from '../../wire-time.ts';

/**
 * A multipart upload neither completed nor aborted. Its parts are stored and billed, but no object listing shows them.
 */
export interface UnfinishedUpload {
  readonly key: string;
  readonly uploadId: string;
  /** Null if unknown: the store lists a time from before S3 launched. */
  readonly startedAtMs: number | null;
}

export interface UploadPage {
  readonly uploads: readonly UnfinishedUpload[];
  /** The store's own clock at the time of the response, in ms; null if it sent no `Date`. */
  readonly storeNowMs: number | null;
}

/** Streams the unfinished uploads page by page. */
export function listUploads(
  s3: S3Client,
  guard: Guard,
  { bucket, prefix }: Pick<ListRequest, 'bucket' | 'prefix'>,
): AsyncGenerator<UploadPage> {
  const first: PageStart = {};
  return readPages(guard, { operation: 'list_uploads', request: { bucket, prefix }, first }, async (input, options) => {
    const command = new ListMultipartUploadsCommand(input);
    const storeClock = readStoreClock(command);
    const readList = readPage(command, UPLOADS);
    await s3.send(command, options);
    const list = readList();
    if (readHeadText(list, 'Bucket') === null) refusePage('the response to the listing does not come from S3');
    const encoding = readEncoding(list, input.EncodingType !== undefined);
    if (isUnsure(encoding, [...keysOf(list), readHeadText(list, 'NextKeyMarker')])) return IS_UNSURE;
    const uploads = list.entries.map((entry) => parseUpload(entry, encoding));
    const keys = uploads.map(({ key }) => key);
    const KeyMarker = readNextKey(list, encoding, keys);
    const next = KeyMarker === null ? null : { KeyMarker, UploadIdMarker: readNextUpload(list, uploads, KeyMarker) };
    return {
      page: { uploads, storeNowMs: storeClock() },
      next,
      first: nameFirst(uploads),
    };
  });
}

/**
 * The upload after which the next page starts. After a key without one, S3 lists the next key, and uploads of this key
 * that the page does not show would never be seen. So where a store names none, the last one of the key counts.
 */
function readNextUpload(list: XmlPage, uploads: readonly UnfinishedUpload[], nextKey: string): string | undefined {
  return readHeadText(list, 'NextUploadIdMarker') ?? uploads.findLast(({ key }) => key === nextKey)?.uploadId;
}

function nameFirst([first]: readonly UnfinishedUpload[]): string | null {
  return first === undefined ? null : JSON.stringify([first.key, first.uploadId]);
}

type PageStart = Pick<ListMultipartUploadsCommandInput, 'KeyMarker' | 'UploadIdMarker'>;

const UPLOADS: ReadonlySet<string> = new Set(['Upload']);

function parseUpload({ fields }: XmlEntry, encoding: PageEncoding): UnfinishedUpload {
  const { Key = '', UploadId = '', Initiated = '' } = fields;
  const timeMs = parseIsoTime(Initiated);
  if (Key === '' || UploadId === '' || timeMs === null) {
    throw new TransferFault('not_s3', 'a listed upload has no key, id or time');
  }
  return { key: readListedKey(Key, encoding), uploadId: UploadId, startedAtMs: sinceS3Began(timeMs) };
}
