import { TransferFault } from '../../retry/transfer-fault.ts';
import { readFlag, readHeadText, refusePage } from './page-entries.ts';
import type { XmlPage } from './xml-entries.ts';
import { trimBlanks } from './xml-text.ts';

/** How the keys of one page are written. */
export type PageEncoding =
  | 'url'
  | 'none'
  /** The page was asked for encoded keys and does not say how they are written. */
  | 'unsaid';

/**
 * Reads how the keys of a page are written.
 * @param isAsked whether the request asked for encoded keys
 * @throws TransferFault `not_s3` for an encoding that S3 does not have
 */
export function readEncoding(page: XmlPage, isAsked: boolean): PageEncoding {
  const encoding = trimBlanks(readHeadText(page, 'EncodingType') ?? '').toLowerCase();
  if (encoding === 'url') return 'url';
  if (encoding !== '') return refusePage('the listing has an unknown encoding');
  return isAsked ? 'unsaid' : 'none';
}

/**
 * Whether a text would be another one if it were decoded. Ceph 16 encodes the keys of uploads without saying so, and
 * other stores ignore the wish; only a page that was not asked for encoded keys settles it.
 */
export function isChangedByDecoding(text: string): boolean {
  return /%[\da-f]{2}|\+/i.test(text);
}

/**
 * Decodes a key from a listing. AWS, Ceph and Swift all percent-encode; AWS also writes a space as `+` (a plus is `%2B`
 * everywhere).
 * @throws TransferFault `not_s3` for a key that cannot be decoded
 */
export function readListedKey(encoded: string, encoding: PageEncoding): string {
  if (encoding !== 'url') return encoded;
  try {
    return decodeURIComponent(encoded.replaceAll('+', '%20'));
  } catch (error) {
    throw new TransferFault('not_s3', `a listed key cannot be decoded: ${encoded}`, { cause: error });
  }
}

/** A key that may be the name of another object. */
export interface DoubtfulName {
  /**
   * The key may stand for another one: some stores list a character that XML cannot hold as U+FFFD (MinIO of 2018,
   * gofakes3). Absent for a key that is certain.
   */
  readonly isDoubtful?: true;
}

/** Doubts a key with U+FFFD that is not percent-encoded. */
export function doubtName(key: string, encoding: PageEncoding): DoubtfulName {
  return encoding !== 'url' && key.includes('\u{fffd}') ? { isDoubtful: true } : {};
}

/**
 * The key after which the next page of versions or uploads starts; null after the last page. Without `IsTruncated`, a
 * marker means that there is more.
 * @param keys the keys of the page, decoded
 * @throws TransferFault `not_s3` for a truncated page without a marker
 */
export function readNextKey(page: XmlPage, encoding: PageEncoding, keys: readonly string[]): string | null {
  const isTruncated = readTruncation(page);
  const marker = readHeadText(page, 'NextKeyMarker');
  if (isTruncated === false || (isTruncated === null && marker === null)) return null;
  if (marker === null) return refusePage('a truncated listing has no marker for the next page');
  // Ceph writes the marker plainly beside encoded keys. It names a key of the page, as a rule the last one.
  const readings = [decodeOrNull(marker, encoding), marker];
  for (const named of [keys.slice(-1), keys]) {
    const reading = readings.find((each) => each !== null && named.includes(each));
    if (reading !== undefined && reading !== null) return reading;
  }
  return readListedKey(marker, encoding);
}

function decodeOrNull(text: string, encoding: PageEncoding): string | null {
  try {
    return readListedKey(text, encoding);
  } catch {
    return null;
  }
}

/**
 * `IsTruncated` of a page; null if it does not say.
 * @throws TransferFault `not_s3` for a text that is no flag
 */
export function readTruncation(page: XmlPage): boolean | null {
  const text = readHeadText(page, 'IsTruncated');
  if (text === null) return null;
  return readFlag(text) ?? refusePage('the listing does not say whether it is truncated');
}

/** Whether the keys of a page have two readings. */
export function isUnsure(encoding: PageEncoding, texts: Iterable<string | null | undefined>): boolean {
  if (encoding !== 'unsaid') return false;
  for (const text of texts) if (text !== null && text !== undefined && isChangedByDecoding(text)) return true;
  return false;
}
