import { BreakwaterError } from '../errors.ts';
import { KEY_BYTES_MAX } from '../s3/protocol/limits.ts';
import type { SweepItem } from './sweep-item.ts';

/** As many as a page of a listing has. */
const PAGE_MAX = 1000;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Reads a list of keys, one a line or each ended by a NUL byte. Nothing is known of them but their names.
 *
 * A list that may mean other keys than it says is refused whole: a key is taken byte by byte, nothing is trimmed.
 * @throws BreakwaterError `usage` for bytes that are no UTF-8, for lines that end as on Windows, and for keys longer than
 *   S3's: what came before has been given out by then
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

/** The pieces between separators; the last one may lack its own. A piece grows to just over a key's limit at most. */
async function* splitBytes(source: AsyncIterable<Uint8Array>, separator: number): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of source) {
    let bytes = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let at = bytes.indexOf(separator); at !== -1; at = bytes.indexOf(separator)) {
      yield bytes.subarray(0, at);
      bytes = bytes.subarray(at + 1);
    }
    // Too long already: it is given out to be refused.
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
      `${place} is longer than the ${KEY_BYTES_MAX} bytes of a key`,
      'say --null where NUL bytes separate the keys',
    );
  }
  if (!isNullSeparated && bytes.at(-1) === CARRIAGE_RETURN) {
    throw refuse(
      `${place} ends with a carriage return`,
      'end lines with a line feed alone, or separate keys by NUL bytes with --null',
    );
  }
  if (isFirst && !isNullSeparated && startsWithMark(bytes)) {
    throw refuse(`${place} begins with a byte order mark`, 'save the list as UTF-8 without one');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw refuse(`${place} is not UTF-8`, 'keys are UTF-8 in S3', error);
  }
}

/** Some editors write it in front of a text; it would become a part of the first key. */
function startsWithMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function refuse(message: string, hint: string, cause?: unknown): BreakwaterError {
  return new BreakwaterError('usage', message, { details: { reason: 'key_list', hint }, cause });
}

function toItem(key: string): SweepItem {
  return { key, versionId: null, sizeBytes: null, lastModifiedMs: null, etag: null };
}
