import type { StoredObject } from '../store/stored.ts';
import { Refusal } from '../protocol/wire.ts';
import { parseHttpTime } from '../../wire-time.ts';

type Headers = ReadonlyMap<string, string>;

/** @throws Refusal `PreconditionFailed`, or `NoSuchKey` for `If-Match` on a missing object */
export function checkWriteConditions(headers: Headers, existing: StoredObject | undefined): void {
  const ifNoneMatch = headers.get('if-none-match');
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new Refusal('NotImplemented', 'If-None-Match of a write is implemented for * only');
  }
  if (ifNoneMatch !== undefined && existing !== undefined) throw failed('If-None-Match');
  const ifMatch = headers.get('if-match');
  if (ifMatch === undefined) return;
  if (existing === undefined) throw new Refusal('NoSuchKey', 'The specified key does not exist.');
  if (!matchesEtag(ifMatch, existing.etag)) throw failed('If-Match');
}

/**
 * Evaluates the conditions of a read (RFC 9110, 13.2.2).
 * @throws Refusal `PreconditionFailed`
 */
export function checkReadConditions(headers: Headers, { etag, lastModifiedMs }: StoredObject): 'send' | 'not_modified' {
  const ifMatch = headers.get('if-match');
  const ifNoneMatch = headers.get('if-none-match');
  if (ifMatch !== undefined) {
    if (!matchesEtag(ifMatch, etag)) throw failed('If-Match');
  } else if (lastModifiedMs >= readTime(headers.get('if-unmodified-since'), Infinity) + 1000) {
    throw failed('If-Unmodified-Since');
  }
  if (ifNoneMatch !== undefined) return matchesEtag(ifNoneMatch, etag) ? 'not_modified' : 'send';
  return lastModifiedMs < readTime(headers.get('if-modified-since'), -Infinity) + 1000 ? 'not_modified' : 'send';
}

/** Whether a list of ETags, quoted or not, or `*` matches this one. */
export function matchesEtag(list: string, etag: string): boolean {
  return list.split(',').some((entry) => entry.trim() === '*' || unquote(entry.trim()) === unquote(etag));
}

export interface ByteRange {
  readonly start: number;
  /** The last byte, included. */
  readonly end: number;
}

/**
 * Parses one range of `Range: bytes=`; null if it is missing or HTTP ignores it.
 * @throws Refusal `InvalidRange`
 */
export function readRange(header: string | undefined, size: number): ByteRange | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null) return null;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return null;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < start) return null;
  if (start >= size) {
    throw new Refusal('InvalidRange', 'The requested range is not satisfiable', {
      headers: { 'content-range': `bytes */${size}` },
      elements: { RangeRequested: header ?? '', ActualObjectSize: String(size) },
    });
  }
  return { start, end };
}

/** The `Content-Range` of a response. An empty object has none. */
export function writeContentRange({ start, end }: ByteRange, size: number): Readonly<Record<string, string>> {
  return size === 0 ? {} : { 'content-range': `bytes ${start}-${end}/${size}` };
}

function unquote(etag: string): string {
  return etag.replaceAll('"', '');
}

function readTime(text: string | undefined, fallback: number): number {
  return (text === undefined ? null : parseHttpTime(text)) ?? fallback;
}

function failed(condition: string): Refusal {
  return new Refusal('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    elements: { Condition: condition },
  });
}
