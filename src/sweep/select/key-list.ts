import { BreakwaterError } from '../../errors.ts';
import { KEY_BYTES_MAX } from '../../s3/protocol/limits.ts';
import type { SweepItem } from '../sweep-item.ts';

/** The number of keys in a page of a listing. */
const PAGE_MAX = 1000;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Reads a list of keys, each on a line or terminated by a NUL byte.
 *
 * Keys are taken byte for byte, without trimming. An ambiguous list is refused.
 * @throws BreakwaterError `usage` for invalid UTF-8, Windows line endings, and keys that are too long for S3, even
 * after earlier keys were returned
 */
export async function* readKeyList(
  source: AsyncIterable<Uint8Array>,
  { isNullSeparated, name }: { isNullSeparated: boolean; name: string },
): AsyncGenerator<readonly SweepItem[]> {
  let page: SweepItem[] = [];
  let number = 0;
  for await (const bytes of splitBytes(source, isNullSeparated ? 0 : LINE_FEED)) {
    number += 1;
    if (bytes.byteLength === 0) continue;
    const place = `${name}, key ${number}`;
    page.push(toItem(parseKey(bytes, { isNullSeparated, isFirst: number === 1, place })));
    if (page.length < PAGE_MAX) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** The pieces between separators; the last separator is optional. A piece is at most slightly longer than a key. */
async function* splitBytes(source: AsyncIterable<Uint8Array>, separator: number): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of source) {
    let bytes = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let at = bytes.indexOf(separator); at !== -1; at = bytes.indexOf(separator)) {
      yield bytes.subarray(0, at);
      bytes = bytes.subarray(at + 1);
    }
    // Too long, so yielded now to be refused.
    if (bytes.byteLength > KEY_BYTES_MAX) yield bytes;
    rest = bytes;
  }
  if (rest.byteLength > 0) yield rest;
}

function parseKey(
  bytes: Uint8Array,
  { isNullSeparated, isFirst, place }: { isNullSeparated: boolean; isFirst: boolean; place: string },
): string {
  if (bytes.byteLength > KEY_BYTES_MAX) {
    throw refuse(
      `${place} exceeds the limit of ${KEY_BYTES_MAX} bytes for a key`,
      'pass --null if the keys are separated by NUL bytes',
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
