import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { BreakwaterError } from '../../errors.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { isWeakEtag } from '../checksum/etag.ts';
import { assertSentByS3, assertVersion } from '../protocol/response-fields.ts';
import type { AskedRange, ObjectAddress } from './download-request.ts';
import type { ByteSpan } from './missing-ranges.ts';

/** What every response about one object must repeat; null for what the first one did not state. */
export interface KnownObject {
  readonly etag: string;
  /** Of the whole object. */
  readonly totalBytes: number | null;
  readonly lastModifiedMs: number | null;
}

/** What a GET requested. */
export interface GetQuestion {
  readonly address: ObjectAddress;
  /** Null for the whole object. */
  readonly range: AskedRange | null;
  /** Null for the first request. */
  readonly known: KnownObject | null;
}

/** What a response contains. */
export interface GetAnswer extends KnownObject {
  /** Its bytes, as a span of the object; the end is infinite if the response does not state it. */
  readonly span: ByteSpan;
  /** Status 200: the whole object, also if a range was requested. */
  readonly isWhole: boolean;
}

/**
 * Checks that a response to a GET is the one to this request, before any byte of it is used: status, range, length,
 * ETag and version. RFC 9110, sections 14.4 and 15.3.7, leaves this to the client.
 * @throws TransferFault `not_s3` for a response that contradicts the request or itself
 * @throws BreakwaterError `object_changed` for another object
 */
export function checkAnswer(head: GetObjectCommandOutput, question: GetQuestion): GetAnswer {
  const { httpStatusCode: status } = head.$metadata;
  if (status !== 200 && status !== 206) refuse(`a response with status ${status ?? 'unknown'} has no object`);
  assertSentByS3(head, 'ETag');
  assertVersion(head, question.address);
  const { span, totalBytes } = status === 206 ? readPart(head, question.range) : readWholeObject(head);
  const lastModifiedMs = head.LastModified?.getTime() ?? null;
  const answer = { span, totalBytes, isWhole: status === 200, etag: head.ETag ?? '', lastModifiedMs };
  if (question.known !== null) checkSameObject(answer, question.known, question.address);
  return answer;
}

/**
 * The part of the object that was requested, within the first response.
 * @throws BreakwaterError `rejected` if the object has no such bytes, or they cannot be located
 */
export function locateRange(range: AskedRange | null, { span, isWhole, totalBytes }: GetAnswer): ByteSpan {
  if (range === null || !isWhole) return span;
  if (totalBytes === null) throw rangeError('the store ignores ranges and does not state the size of the object');
  const start = range.kind === 'last' ? Math.max(0, totalBytes - range.bytes) : range.first;
  // S3 itself responds 416 to it.
  if (start >= totalBytes) throw rangeError(`the object has only ${totalBytes} bytes`);
  const last = range.kind === 'last' ? null : range.last;
  return { start, end: Math.min(totalBytes, (last ?? Infinity) + 1) };
}

interface Content {
  readonly span: ByteSpan;
  readonly totalBytes: number | null;
}

function readPart({ ContentRange = '', ContentLength }: GetObjectCommandOutput, range: AskedRange | null): Content {
  if (range === null) return refuse('received a part of the object, which was not requested');
  const sent = parseContentRange(ContentRange) ?? refuse(`a part of the object with the range "${ContentRange}"`);
  const { span, totalBytes } = sent;
  const wanted = spanOf(range, totalBytes) ?? refuse('a part of the object, without the size of the whole');
  if (span.start !== wanted.start || span.end !== wanted.end) {
    refuse(`requested the range ${formatAskedRange(range)}, received ${ContentRange}`);
  }
  if (ContentLength !== undefined && ContentLength !== span.end - span.start) {
    refuse(`a response of ${ContentLength} bytes for ${ContentRange}`);
  }
  return sent;
}

/** A range as numbers; null if only the total could tell. */
function spanOf(range: AskedRange, totalBytes: number | null): ByteSpan | null {
  if (range.kind === 'last') {
    return totalBytes === null ? null : { start: Math.max(0, totalBytes - range.bytes), end: totalBytes };
  }
  if (totalBytes === null) return range.last === null ? null : { start: range.first, end: range.last + 1 };
  return { start: range.first, end: Math.min(totalBytes, (range.last ?? Infinity) + 1) };
}

function readWholeObject({ ContentRange, ContentLength }: GetObjectCommandOutput): Content {
  const content = { span: { start: 0, end: ContentLength ?? Infinity }, totalBytes: ContentLength ?? null };
  if (ContentRange === undefined) return content;
  // The header has no meaning here, so it must at least agree.
  const sent = parseContentRange(ContentRange);
  const isAll = sent?.span.start === 0 && sent.span.end === ContentLength && sent.totalBytes === ContentLength;
  return isAll ? content : refuse(`a response with status 200 for the range "${ContentRange}"`);
}

function parseContentRange(text: string): Content | null {
  const [, first, last, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(text) ?? [];
  if (first === undefined || last === undefined || total === undefined) return null;
  const span = { start: Number(first), end: Number(last) + 1 };
  const totalBytes = total === '*' ? null : Number(total);
  return span.start < span.end && span.end <= (totalBytes ?? Infinity) ? { span, totalBytes } : null;
}

/** Needed for stores that ignore If-Match: mixing two versions would be silent corruption. */
function checkSameObject(answer: KnownObject, known: KnownObject, { bucket, key }: ObjectAddress): void {
  const isOfOtherSize = !mayBeSame(answer.totalBytes, known.totalBytes);
  // A weak ETag may stay the same for other bytes, and cannot be a condition, so more must agree.
  const isOtherTime = isWeakEtag(known.etag) && !mayBeSame(answer.lastModifiedMs, known.lastModifiedMs);
  if (answer.etag !== known.etag || isOtherTime || (isOfOtherSize && isWeakEtag(known.etag))) {
    throw new BreakwaterError('object_changed', `s3://${bucket}/${key} was replaced while it was read`, {
      details: { hint: 'run the command again' },
    });
  }
  if (isOfOtherSize) refuse(`one object has ${known.totalBytes} and ${answer.totalBytes} bytes`);
}

function mayBeSame(one: number | null, other: number | null): boolean {
  return one === null || other === null || one === other;
}

/** `bytes=0-99`, `bytes=100-`, `bytes=-20`. */
export function formatAskedRange(range: AskedRange): string {
  return range.kind === 'last' ? `bytes=-${range.bytes}` : `bytes=${range.first}-${range.last ?? ''}`;
}

function rangeError(why: string): BreakwaterError {
  return new BreakwaterError('rejected', `the range cannot be read: ${why}`, {
    details: { hint: 'choose another --range, or get the whole object' },
  });
}

function refuse(what: string): never {
  throw new TransferFault('not_s3', what);
}
