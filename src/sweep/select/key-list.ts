import { BreakwaterError } from '../../errors.ts';
import { KEY_BYTES_MAX } from '../../s3/protocol/limits.ts';
import type { SweepItem } from '../sweep-item.ts';

/** The number of keys in a page of a listing. */
const PAGE_MAX = 1000;

const NUL = 0x00;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Reads a list of keys, each on a line or terminated by a NUL byte.
 *
 * Keys are taken byte for byte, without trimming. An ambiguous list is refused.
 * @throws BreakwaterError `usage` for invalid UTF-8, Windows line endings, and keys that are too long for S3, and
 * for the other separator, even after earlier keys were returned
 */
export async function* readKeyList(
  source: AsyncIterable<Uint8Array>,
  { isNullSeparated, name }: { isNullSeparated: boolean; name: string },
): AsyncGenerator<readonly SweepItem[]> {
  let page: SweepItem[] = [];
  let number = 0;
  for await (const piece of splitBytes(source, isNullSeparated ? NUL : LINE_FEED)) {
    number += 1;
    const { bytes } = piece;
    if (bytes.byteLength === 0) continue;
    const place = `${name}, key ${number}`;
    refuseOtherSeparator(piece, { isNullSeparated, place });
    page.push(toItem(parseKey(bytes, { isNullSeparated, isFirst: number === 1, place })));
    if (page.length < PAGE_MAX) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

interface Piece {
  readonly bytes: Uint8Array;
  /** Whether a separator follows. */
  readonly isEnded: boolean;
}

/** The pieces between separators; the last separator is optional. A piece is at most slightly longer than a key. */
async function* splitBytes(source: AsyncIterable<Uint8Array>, separator: number): AsyncGenerator<Piece> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of source) {
    let bytes = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let at = bytes.indexOf(separator); at !== -1; at = bytes.indexOf(separator)) {
      yield { bytes: bytes.subarray(0, at), isEnded: true };
      bytes = bytes.subarray(at + 1);
    }
    // Too long, so yielded now to be refused.
    if (bytes.byteLength > KEY_BYTES_MAX) yield { bytes, isEnded: false };
    rest = bytes;
  }
  if (rest.byteLength > 0) yield { bytes: rest, isEnded: false };
}

/**
 * Refuses a list with the other separator, which would be one long key. A line feed may be part of a key that a NUL byte
 * ends, but what no NUL byte ends is then a list of lines.
 */
function refuseOtherSeparator(
  { bytes, isEnded }: Piece,
  { isNullSeparated, place }: { readonly isNullSeparated: boolean; readonly place: string },
): void {
  // The check for its length says more of a longer one.
  if (bytes.byteLength > KEY_BYTES_MAX) return;
  if (!isNullSeparated && bytes.includes(NUL)) {
    throw refuse(`${place} contains a NUL byte`, 'pass --null if the keys are separated by NUL bytes');
  }
  if (isNullSeparated && !isEnded && bytes.includes(LINE_FEED)) {
    throw refuse(`${place} contains a line feed, and no NUL byte ends it`, 'omit --null if each line is a key');
  }
}

function parseKey(
  bytes: Uint8Array,
  { isNullSeparated, isFirst, place }: { isNullSeparated: boolean; isFirst: boolean; place: string },
): string {
  if (bytes.byteLength > KEY_BYTES_MAX) {
    throw refuse(
      `${place} exceeds the limit of ${KEY_BYTES_MAX} bytes for a key`,
      isNullSeparated ? 'omit --null if each line is a key' : 'pass --null if the keys are separated by NUL bytes',
    );
  }
  if (!isNullSeparated && bytes.at(-1) === CARRIAGE_RETURN) {
    throw refuse(
      `${place} ends with a carriage return`,
      'end lines with only a line feed, or separate keys with NUL bytes and pass --null',
    );
  }
  if (isFirst && !isNullSeparated && startsWithMark(bytes)) {
    throw refuse(`${place} begins with a byte order mark`, 'save the list as UTF-8 without one');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw refuse(`${place} is not UTF-8`, 'S3 keys are UTF-8', error);
  }
}

/** Some editors add a byte order mark to a file; it would become part of the first key. */
function startsWithMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function refuse(message: string, hint: string, cause?: unknown): BreakwaterError {
  return new BreakwaterError('usage', message, { details: { reason: 'key_list', hint }, cause });
}

function toItem(key: string): SweepItem {
  return { key, versionId: null, sizeBytes: null, lastModifiedMs: null, etag: null };
}
