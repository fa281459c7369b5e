import { refuse, type NullRequest, type NullResponse } from './message.ts';
import type { StoredChecksum, StoredObject } from './stored-object.ts';

const LAST_MODIFIED = 'Wed, 01 Jan 2020 00:00:00 GMT';

/** The bytes of a range, and the number of parts where one of them was asked for. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly parts: number | null;
}

/**
 * GET and HEAD, with ranges and part numbers. The checksum is that of the whole object, so it is told with all bytes only, and
 * only to who asks, as S3 does.
 * @param tellsUnasked tell it in every answer, as some stores do
 */
export function readObject(
  { method, headers, query }: NullRequest,
  { object, tellsUnasked }: { object: StoredObject; tellsUnasked: boolean },
): NullResponse {
  const { sizeBytes, etag, checksum, phase } = object;
  if (phase === null && method === 'GET') return refuse(501, 'NotImplemented', 'only content of the pattern is kept');
  const span = findSpan(object, { range: headers.get('range'), partNumber: query.get('partNumber') });
  const { start, end, parts } = span ?? { start: 0, end: sizeBytes, parts: null };
  if (span !== null && start >= sizeBytes) {
    return { status: 416, headers: [`content-range: bytes */${sizeBytes}`], body: '' };
  }
  const isTold = tellsUnasked || headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED';
  const described = [
    `etag: ${etag}`,
    `last-modified: ${LAST_MODIFIED}`,
    'accept-ranges: bytes',
    'content-type: binary/octet-stream',
    ...(isTold && checksum !== null && end - start === sizeBytes ? checksumFields(checksum) : []),
  ];
  const body = { start: start + (phase ?? 0), end: end + (phase ?? 0) };
  if (span === null) return { status: 200, headers: described, body };
  const counted = parts === null ? [] : [`x-amz-mp-parts-count: ${parts}`];
  const range = `content-range: bytes ${start}-${end - 1}/${sizeBytes}`;
  return { status: 206, headers: [...described, ...counted, range], body };
}

/** The fields of a response for a checksum of a whole object. */
export function checksumFields({ name, value, type }: StoredChecksum): readonly string[] {
  return [`x-amz-checksum-${name}: ${value}`, `x-amz-checksum-type: ${type}`];
}

function findSpan(
  { sizeBytes, partSizes }: StoredObject,
  { range, partNumber }: { range: string | undefined; partNumber: string | null },
): Span | null {
  if (partNumber !== null && partSizes.length > 0) {
    const before = partSizes.slice(0, Number(partNumber) - 1);
    const start = before.reduce((sum, size) => sum + size, 0);
    return { start, end: start + (partSizes[before.length] ?? 0), parts: partSizes.length };
  }
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === '' && last === '') return null;
  if (first === '') return { start: Math.max(0, sizeBytes - Number(last)), end: sizeBytes, parts: null };
  return { start: Number(first), end: last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes), parts: null };
}
