import { ListObjectVersionsCommand, type ListObjectVersionsCommandInput, type S3Client } from '@aws-sdk/client-s3';
import type { Guard } from '../../guard/guard.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { readStoreClock } from '../protocol/store-clock.ts';
import {
  doubtName,
  isUnsure,
  readEncoding,
  readListedKey,
  readNextKey,
  type DoubtfulName,
  type PageEncoding,
} from './page-encoding.ts';
import { keysOf, readHeadText, readListedSize, readPage, refusePage } from './page-entries.ts';
import { IS_UNSURE, type ListRequest, readPages } from './read-pages.ts';
import type { XmlEntry } from './xml-entries.ts';
import { parseIsoTime, sinceS3Began } from '../../wire-time.ts';

/** A version of an object, or a delete marker. */
export interface ListedVersion extends DoubtfulName {
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
  /** The key that this page may show in part, because the store does not say after which of its versions it ends. */
  readonly cutKey?: string;
  /** The key after which the next page starts; it need not be the last in order of bytes. Null if that is unknown. */
  readonly lastKey?: string | null;
}

/** Streams all versions and delete markers page by page, like `listObjects`. A key may span pages. */
export function listVersions(s3: S3Client, guard: Guard, request: ListRequest): AsyncGenerator<VersionPage> {
  const first: PageStart = { KeyMarker: request.startAfter ?? undefined };
  return readPages(guard, { operation: 'list_objects', request, first }, async (input, options) => {
    const command = new ListObjectVersionsCommand(input);
    const storeClock = readStoreClock(command);
    const readList = readPage(command, VERSIONS);
    await s3.send(command, options);
    const list = readList();
    if (readHeadText(list, 'Name') === null) refusePage('the response to the listing does not come from S3');
    const encoding = readEncoding(list, input.EncodingType !== undefined);
    if (isUnsure(encoding, [...keysOf(list), readHeadText(list, 'NextKeyMarker')])) return IS_UNSURE;
    const listed = readVersions(list.entries, encoding);
    const keys = listed.map(({ key }) => key);
    const KeyMarker = readNextKey(list, encoding, keys);
    const { versions, ...rest } = endPage(listed, { KeyMarker, marker: readHeadText(list, 'NextVersionIdMarker') });
    return {
      page: {
        versions,
        storeNowMs: storeClock(),
        isLast: rest.next === null,
        lastKey: rest.next?.KeyMarker ?? null,
        ...rest.cut,
      },
      next: rest.next,
      first: nameFirst(versions),
    };
  });
}

interface PageEnd {
  readonly versions: readonly ListedVersion[];
  readonly next: PageStart | null;
  readonly cut?: Pick<VersionPage, 'cutKey'>;
}

/**
 * Where the next page starts. After a key without a version, S3 lists the next key: versions of this key that the page
 * does not show would never be seen. So without a version marker, the page ends before its last key, which is listed
 * again as a whole. If it has no other key, the next page starts after its last version, and the page says so.
 */
function endPage(
  versions: readonly ListedVersion[],
  { KeyMarker, marker }: { readonly KeyMarker: string | null; readonly marker: string | null },
): PageEnd {
  if (KeyMarker === null) return { versions, next: null };
  const next = { KeyMarker, VersionIdMarker: readNextVersion(marker, versions, KeyMarker) };
  if (marker !== null || !versions.some(({ key }) => key === KeyMarker)) return { versions, next };
  const whole = versions.filter(({ key }) => key !== KeyMarker);
  const before = whole.at(-1);
  const isLastKey = versions.at(-1)?.key === KeyMarker;
  if (before !== undefined && isLastKey) return { versions: whole, next: { KeyMarker: before.key } };
  return { versions, next, cut: { cutKey: KeyMarker } };
}

/**
 * The version after which the next page starts. Swift names `null` whatever the version, and lists nothing after that: so
 * the last version of the key on the page counts, as it does where a store names none.
 */
function readNextVersion(
  marker: string | null,
  versions: readonly ListedVersion[],
  nextKey: string,
): string | undefined {
  if (marker !== 'null' && marker !== null) return marker;
  return versions.findLast(({ key }) => key === nextKey)?.versionId ?? marker ?? undefined;
}

function nameFirst([first]: readonly ListedVersion[]): string | null {
  return first === undefined ? null : JSON.stringify([first.key, first.versionId]);
}

type PageStart = Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'>;

const MARKER = 'DeleteMarker';
const VERSIONS: ReadonlySet<string> = new Set(['Version', MARKER]);

function readVersions(entries: readonly XmlEntry[], encoding: PageEncoding): readonly ListedVersion[] {
  // Some stores write two lists, each in key order; a stable sort brings the entries of one key together.
  return entries.map((entry) => parseVersion(entry, encoding)).toSorted((a, b) => Buffer.compare(a.order, b.order));
}

/** Rejects an incomplete entry: without its version id, a sweep would delete the current object. */
function parseVersion({ name, fields }: XmlEntry, encoding: PageEncoding): ListedVersion & { readonly order: Buffer } {
  const isDeleteMarker = name === MARKER;
  const {
    Key = '',
    VersionId = '',
    IsLatest = '',
    LastModified = '',
    Size = isDeleteMarker ? '0' : '',
    ETag = '',
  } = fields;
  // Not in other spellings: what is not the latest may be deleted.
  const isLatest = IsLatest === 'true' || (IsLatest === 'false' ? false : null);
  const [timeMs, sizeBytes] = [parseIsoTime(LastModified), readListedSize(Size)];
  if (Key === '' || VersionId === '' || isLatest === null) {
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
    isDeleteMarker,
    sizeBytes,
    lastModifiedMs: sinceS3Began(timeMs),
    etag: ETag === '' ? null : ETag,
    ...doubtName(key, encoding),
  };
}
