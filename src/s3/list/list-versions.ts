import {
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { TransferFault } from '../../retry/transfer-fault.ts';
import type { Guard } from '../../guard/guard.ts';
import { readEntries, readListedSize, readListedTime } from './page-entries.ts';
import { decodeKey, readNextKey, type ListRequest } from './list-objects.ts';
import { type FetchedPage, readPages } from './read-pages.ts';
import { readStoreClock } from '../protocol/store-clock.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';
import type { XmlEntry } from './xml-entries.ts';

/** One version of an object, or a marker of its deletion. */
export interface ListedVersion {
  readonly key: string;
  /** `null` as a word for what was written while the bucket kept no versions. */
  readonly versionId: string;
  /** The current one of its key. */
  readonly isLatest: boolean;
  readonly isDeleteMarker: boolean;
  /** 0 for a marker. */
  readonly sizeBytes: number;
  /** When it was written, not when the next one replaced it: the listing does not tell that. */
  readonly lastModifiedMs: number;
  readonly etag: string | null;
}

export interface VersionPage {
  /** By key; those of one key together, in no order. */
  readonly versions: readonly ListedVersion[];
  /** The store's own clock when it answered, in ms; null where it sent no `Date`. */
  readonly storeNowMs: number | null;
  readonly isLast: boolean;
}

/** Streams all versions and delete markers page by page, as `listObjects` does objects. A key may span pages. */
export function listVersions(s3: S3Client, guard: Guard, request: ListRequest): AsyncGenerator<VersionPage> {
  const { bucket, prefix, startAfter = null, signal } = request;
  const first = startAfter === null ? {} : { KeyMarker: startAfter };
  return readPages<VersionPage, Place>(
    guard,
    { target: { operation: 'list_objects', bucket }, first, signal },
    async (place, options) => await fetchPage(s3, { Bucket: bucket, Prefix: prefix, ...place }, options),
  );
}

type Place = Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'>;

async function fetchPage(
  s3: S3Client,
  input: ListObjectVersionsCommandInput,
  options: WatchedOptions,
): Promise<FetchedPage<VersionPage, Place>> {
  const command = new ListObjectVersionsCommand({ ...input, EncodingType: 'url' });
  const storeClock = readStoreClock(command);
  const entries = readEntries(command, VERSIONS);
  const response = await s3.send(command, options);
  if (response.Name === undefined) throw new TransferFault('not_s3', 'the answer to the listing is not one of S3');
  const next = readNext(response);
  const versions = readVersions(entries(), { isEncoded: response.EncodingType === 'url' });
  return { page: { versions, storeNowMs: storeClock(), isLast: next === null }, next };
}

const MARKER = 'DeleteMarker';
const VERSIONS: ReadonlySet<string> = new Set(['Version', MARKER]);

function readVersions(entries: readonly XmlEntry[], { isEncoded }: { isEncoded: boolean }): readonly ListedVersion[] {
  // Some stores write two lists, each in the order of keys: a stable sort brings those of one key together.
  return entries
    .map((entry) => parseVersion(entry, { isEncoded }))
    .toSorted((a, b) => Buffer.compare(a.order, b.order));
}

const TRUTHS: Readonly<Record<string, boolean | undefined>> = { true: true, false: false };

/** What a sweep could mistake is no entry: without its version it would delete the current object. */
function parseVersion(
  { name, fields }: XmlEntry,
  { isEncoded }: { isEncoded: boolean },
): ListedVersion & { readonly order: Buffer } {
  const { Key, VersionId, IsLatest = '', LastModified, Size = '0', ETag } = fields;
  const isLatest = TRUTHS[IsLatest];
  const [lastModifiedMs, sizeBytes] = [readListedTime(LastModified), readListedSize(Size)];
  if (Key === undefined || VersionId === undefined || isLatest === undefined) {
    throw new TransferFault('not_s3', 'a listed version came without its key, its id or its place');
  }
  if (lastModifiedMs === null || sizeBytes === null) {
    throw new TransferFault('not_s3', 'a listed version came without its time or its size');
  }
  const key = isEncoded ? decodeKey(Key) : Key;
  return {
    key,
    order: Buffer.from(key),
    versionId: VersionId,
    isLatest,
    isDeleteMarker: name === MARKER,
    sizeBytes,
    lastModifiedMs,
    etag: ETag ?? null,
  };
}

function readNext(response: ListObjectVersionsCommandOutput): Place | null {
  const key = readNextKey(response);
  if (key === null) return null;
  const { NextVersionIdMarker = '' } = response;
  return { KeyMarker: key, ...(NextVersionIdMarker === '' ? {} : { VersionIdMarker: NextVersionIdMarker }) };
}
