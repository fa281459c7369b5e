import { Readable } from 'node:stream';
import type { GetObjectCommandInput, GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { BreakwaterError } from '../../errors.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { DirectBody } from '../../http/direct-body.ts';
import type { ObjectResponse } from '../connection/object-client.ts';
import type { ByteSpan } from './missing-ranges.ts';
import type { AskedRange, DownloadRequest, ObjectAddress, ObjectFacts } from './download-request.ts';
import { askAboutListed, type ListedIdentity } from './listed-identity.ts';
import { strongEtag } from '../checksum/etag.ts';
import { assertSentByS3 } from '../protocol/response-fields.ts';
import { findExpected } from '../checksum/expected-checksum.ts';
import { parseHttpTime, parseIsoTime, sinceS3Began } from '../../wire-time.ts';

export interface Asked {
  /** The `Range` header; null for the whole object. */
  readonly range: string | null;
  /** The ETag that the object must still have; null for any. */
  readonly etag: string | null;
}

/** A request for an object or a part of it, and for its checksum. */
export function askFor({ bucket, key, versionId }: ObjectAddress, { range, etag }: Asked): GetObjectCommandInput {
  const ifMatch = strongEtag(etag);
  return {
    Bucket: bucket,
    Key: key,
    ChecksumMode: 'ENABLED',
    ...(versionId === null ? {} : { VersionId: versionId }),
    ...(range === null ? {} : { Range: range }),
    ...(ifMatch === null ? {} : { IfMatch: ifMatch }),
  };
}

/** `bytes=0-99`, `bytes=100-`, `bytes=-20`. */
export function formatAskedRange(range: AskedRange): string {
  return range.kind === 'last' ? `bytes=-${range.bytes}` : `bytes=${range.first}-${range.last ?? ''}`;
}

export function formatSpan({ start, end }: ByteSpan): string {
  return `bytes=${start}-${Number.isFinite(end) ? end - 1 : ''}`;
}

/** A response with its body; dispose it to free its connection. */
export interface OpenBody extends Disposable {
  readonly head: GetObjectCommandOutput;
  readonly body: Readable;
}

/** @throws TransferFault `not_s3` for a response without a body */
export function openBody({ head, body }: ObjectResponse): OpenBody {
  if (!(body instanceof Readable)) throw new TransferFault('not_s3', 'the response has no body');
  const dispose = (): void => {
    // An unread body would occupy its connection, and keep the process alive.
    if (!(body instanceof DirectBody && body.isOver)) body.destroy();
  };
  return { head, body, [Symbol.dispose]: dispose };
}

/** Opens the first response that is about the listed object, or about what has replaced it. */
export async function openListed(
  { listed = null }: Pick<DownloadRequest, 'listed'>,
  ask: () => Promise<OpenBody>,
): Promise<OpenBody> {
  return await askAboutListed(listed, {
    ask,
    identify: ({ head }) => readIdentity(head),
    discard: (body) => body[Symbol.dispose](),
  });
}

function readIdentity({ ETag, ContentLength, ContentRange = '' }: GetObjectCommandOutput): ListedIdentity {
  const [, total] = /\/(\d+)$/.exec(ContentRange) ?? [];
  const whole = ContentRange === '' ? (ContentLength ?? null) : null;
  return { etag: ETag ?? null, sizeBytes: total === undefined ? whole : Number(total) };
}

/**
 * The object's description in the first response.
 * @param isWhole whether the response is the whole object; only then does the checksum apply
 */
export function readFacts(response: GetObjectCommandOutput, { isWhole }: { isWhole: boolean }): ObjectFacts {
  assertSentByS3(response, 'ETag');
  const writersMs = readMtime(response.Metadata?.['mtime']);
  return {
    etag: response.ETag ?? '',
    sizeBytes: response.ContentLength ?? null,
    modifiedMs: writersMs ?? readStoredAt(response),
    isWritersTime: writersMs !== null,
    contentType: response.ContentType ?? null,
    versionId: response.VersionId ?? null,
    expected: isWhole ? findExpected(response) : null,
  };
}

/** Rejects a response for a different object: mixing two versions would be silent corruption. */
export function assertSameObject(response: GetObjectCommandOutput, etag: string, { bucket, key }: ObjectAddress): void {
  assertSentByS3(response, 'ETag');
  // Needed for stores that ignore If-Match.
  if (response.ETag === etag) return;
  throw new BreakwaterError('object_changed', `s3://${bucket}/${key} was replaced while it was read`, {
    details: { hint: 'run the command again' },
  });
}

/** The span of the object for a range; null if all of it was requested. */
export function readSpan(response: GetObjectCommandOutput, range: AskedRange | null): ByteSpan | null {
  if (range === null) return null;
  const sent = readContentRange(response);
  if (sent !== null) return sent;
  // A store that ignores `Range` sends the whole object, which contains the range.
  const totalBytes = response.ContentLength ?? 0;
  if (range.kind === 'last') return { start: Math.max(0, totalBytes - range.bytes), end: totalBytes };
  const end = Math.min(totalBytes, (range.last ?? Infinity) + 1);
  return { start: Math.min(range.first, end), end };
}

/** How many bytes of a response precede `from`. A store that ignores `Range` sends them all. */
export function countSkipped(response: GetObjectCommandOutput, from: number): number {
  const sent = readContentRange(response);
  if (sent === null) return from;
  if (sent.start === from) return 0;
  throw new TransferFault('not_s3', `requested bytes from ${from}, received bytes from ${sent.start}`);
}

function readContentRange({ ContentRange = '' }: GetObjectCommandOutput): ByteSpan | null {
  const [, first, last] = (/^bytes (\d+)-(\d+)\//.exec(ContentRange) ?? []).map(Number);
  return first === undefined || last === undefined ? null : { start: first, end: last + 1 };
}

function readStoredAt({ LastModified }: GetObjectCommandOutput): number | null {
  return LastModified === undefined ? null : sinceS3Began(LastModified.getTime());
}

/** Seconds with a fraction, as from rclone and s3fs, or a date; null for anything else. */
function readMtime(text: string | undefined): number | null {
  if (text === undefined) return null;
  const [, sign, seconds, fraction = '0'] = /^(-?)(\d{1,12})(?:\.(\d+))?$/.exec(text) ?? [];
  if (seconds === undefined) return parseIsoTime(text) ?? parseHttpTime(text);
  // Apart, so that a double keeps the microseconds.
  const ms = Number(seconds) * 1000 + Math.round(Number(`0.${fraction}`) * 1e6) / 1000;
  return sign === '-' ? -ms : ms;
}
