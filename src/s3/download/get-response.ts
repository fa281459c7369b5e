import { Readable } from 'node:stream';
import type { GetObjectCommandInput, GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { DirectBody } from '../../http/direct-body.ts';
import type { ObjectResponse } from '../connection/object-client.ts';
import type { ByteSpan } from './missing-ranges.ts';
import type { AskedRange, DownloadRequest, ObjectAddress, ObjectFacts } from './download-request.ts';
import { askAboutListed, type AnsweredIdentity } from './listed-identity.ts';
import { strongEtag } from '../checksum/etag.ts';
import { formatAskedRange } from './check-answer.ts';
import { assertSentByS3 } from '../protocol/response-fields.ts';
import { findExpected } from '../checksum/expected-checksum.ts';
import { parseHttpTime, parseIsoTime, sinceS3Began } from '../../wire-time.ts';

export interface Asked {
  /** Null for the whole object. */
  readonly range: AskedRange | null;
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
    ...(range === null ? {} : { Range: formatAskedRange(range) }),
    ...(ifMatch === null ? {} : { IfMatch: ifMatch }),
  };
}

/** The range of a piece, in HTTP's form. */
export function toAskedRange({ start, end }: ByteSpan): AskedRange {
  return { kind: 'from', first: start, last: Number.isFinite(end) ? end - 1 : null };
}

/** A response with its body; dispose it to free its connection. */
export interface OpenBody extends Disposable {
  readonly head: GetObjectCommandOutput;
  readonly body: Readable;
  /** Only the end of the connection marks the end of the body. */
  readonly endsWithConnection: boolean;
}

/** @throws TransferFault `not_s3` for a response without a body */
export function openBody({ head, body }: ObjectResponse): OpenBody {
  if (!(body instanceof Readable)) throw new TransferFault('not_s3', 'the response has no body');
  const endsWithConnection = body instanceof DirectBody && body.endsWithConnection;
  return { head, body, endsWithConnection, [Symbol.dispose]: () => discardBody(body) };
}

/** An unread body would occupy its connection, and keep the process alive. */
export function discardBody(body: unknown): void {
  if (body instanceof Readable && !(body instanceof DirectBody && body.isOver)) body.destroy();
}

/** Opens the first response that is about the listed object, or about what has replaced it. */
export async function openListed(
  { listed = null, key }: Pick<DownloadRequest, 'listed' | 'key'>,
  ask: () => Promise<OpenBody>,
): Promise<OpenBody> {
  return await askAboutListed(listed, {
    ask,
    identify: ({ head }) => readIdentity(head, key),
    discard: (body) => body[Symbol.dispose](),
  });
}

/** What a response says about its object. */
export function readIdentity(head: GetObjectCommandOutput, key: string): AnsweredIdentity {
  const { ETag, ContentLength, ContentRange = '', ContentType = null } = head;
  const total = ContentRange === '' ? undefined : /\/(\d+)$/.exec(ContentRange)?.[1];
  const whole = ContentRange === '' ? (ContentLength ?? null) : null;
  return {
    etag: ETag ?? null,
    sizeBytes: total === undefined ? whole : Number(total),
    lastModifiedMs: readStoredAt(head),
    isPage: isUnlikelyPage(key, ContentType),
  };
}

/** Whether a web page comes in the place of an object whose key does not look like a page's. */
export function isUnlikelyPage(key: string, contentType: string | null): boolean {
  return /^text\/html\b/i.test(contentType ?? '') && !/\.x?html?$/i.test(key);
}

/**
 * The object's description in the first response.
 * @param isWhole whether the response is the whole object; only then does the checksum apply
 */
export function readFacts(response: GetObjectCommandOutput, { isWhole }: { isWhole: boolean }): ObjectFacts {
  assertSentByS3(response, 'ETag');
  const writersMs = readMtime(response.Metadata?.['mtime']);
  const lastModifiedMs = readStoredAt(response);
  return {
    etag: response.ETag ?? '',
    sizeBytes: response.ContentLength ?? null,
    modifiedMs: writersMs ?? lastModifiedMs,
    isWritersTime: writersMs !== null,
    lastModifiedMs,
    contentType: response.ContentType ?? null,
    versionId: response.VersionId ?? null,
    expected: isWhole ? findExpected(response) : null,
  };
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
