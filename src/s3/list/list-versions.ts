import {
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Guard } from '../../guard/guard.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { readStoreClock } from '../protocol/store-clock.ts';
import { readEntries, readListedKey, readListedSize, readNextKey } from './page-entries.ts';
import { type FetchedPage, type ListRequest, readPages } from './read-pages.ts';
import type { XmlEntry } from './xml-entries.ts';
import { parseIsoTime, sinceS3Began } from '../../wire-time.ts';

/** A version of an object, or a delete marker. */
export interface ListedVersion {
  readonly key: string;
  /** The text `null` for a version written while the bucket kept no versions. */
  readonly versionId: string;
  /** Whether it is the current version of its key. */
  readonly isLatest: boolean;
  readonly isDeleteMarker: boolean;
  /** 0 for a delete marker. */
  readonly sizeBytes: number;
  /**
   * When it was written. The listing does not state when the next version replaced it. Null if unknown: the store lists
   * a time from before S3 launched.
   */
  readonly lastModifiedMs: number | null;
  readonly etag: string | null;
}

export interface VersionPage {
  /** Sorted by key; the versions of one key are in no particular order. */
  readonly versions: readonly ListedVersion[];
  /** The store's own clock at the time of the response, in ms; null if it sent no `Date`. */
  readonly storeNowMs: number | null;
  readonly isLast: boolean;
}

/** Streams all versions and delete markers page by page, like `listObjects`. A key may span pages. */
export function listVersions(s3: S3Client, guard: Guard, request: ListRequest): AsyncGenerator<VersionPage> {
  const { startAfter = null } = request;
  const first = startAfter === null ? {} : { KeyMarker: startAfter };
  return readPages<VersionPage, PageStart>(guard, { operation: 'list_objects', request, first }, (input, options) =>
    fetchPage(s3, input, options),
  );
}

type PageStart = Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'>;

async function fetchPage(
  s3: S3Client,
  input: ListObjectVersionsCommandInput,
  options: WatchedOptions,
): Promise<FetchedPage<VersionPage, PageStart>> {
  const command = new ListObjectVersionsCommand(input);
  const storeClock = readStoreClock(command);
  const entries = readEntries(command, VERSIONS);
  const response = await s3.send(command, options);
  if (response.Name === undefined) {
    throw new TransferFault('not_s3', 'the response to the listing does not come from S3');
  }
  const next = readNext(response);
  const versions = readVersions(entries(), response.EncodingType);
  return { page: { versions, storeNowMs: storeClock(), isLast: next === null }, next };
}

const MARKER = 'DeleteMarker';
const VERSIONS: ReadonlySet<string> = new Set(['Version', MARKER]);

function readVersions(entries: readonly XmlEntry[], encoding: string | undefined): readonly ListedVersion[] {
  // Some stores write two lists, each in key order; a stable sort brings the entries of one key together.
  return entries.map((entry) => parseVersion(entry, encoding)).toSorted((a, b) => Buffer.compare(a.order, b.order));
}

const TRUTHS: Readonly<Record<string, boolean | undefined>> = { true: true, false: false };

/** Rejects an incomplete entry: without its version id, a sweep would delete the current object. */
function parseVersion(
  { name, fields }: XmlEntry,
  encoding: string | undefined,
): ListedVersion & { readonly order: Buffer } {
  const { Key, VersionId, IsLatest = '', LastModified = '', Size = '0', ETag } = fields;
  const isLatest = TRUTHS[IsLatest];
  const [timeMs, sizeBytes] = [parseIsoTime(LastModified), readListedSize(Size)];
  if (Key === undefined || VersionId === undefined || isLatest === undefined) {
    throw new TransferFault('not_s3', 'a listed version has no key, id or latest flag');
  }
  if (timeMs === null || sizeBytes === null) {
    throw new TransferFault('not_s3', 'a listed version has no time or size');
  }
  const key = readListedKey(Key, encoding);
  return {
    key,
    order: Buffer.from(key),
    versionId: VersionId,
    isLatest,
    isDeleteMarker: name === MARKER,
    sizeBytes,
    lastModifiedMs: sinceS3Began(timeMs),
    etag: ETag ?? null,
  };
}

function readNext(response: ListObjectVersionsCommandOutput): PageStart | null {
  const key = readNextKey(response);
  if (key === null) return null;
  const { NextVersionIdMarker = '' } = response;
  return { KeyMarker: key, ...(NextVersionIdMarker === '' ? {} : { VersionIdMarker: NextVersionIdMarker }) };
}
