import { TransferFault } from '../retry/transfer-fault.ts';
import { isFieldName, isFieldValue } from './request-head.ts';

/** By lower-case names; values of repeated headers are joined with commas. */
export type Headers = Readonly<Record<string, string>>;

/** How the end of a body is found. */
export type Framing =
  | { readonly kind: 'chunk_size' }
  | { readonly kind: 'until_close' }
  | { readonly kind: 'sized'; readonly left: number };

/** S3 sends about 20, and one for each entry of the metadata (2 KiB in all). */
const HEADERS_MAX = 1000;

/**
 * A connection idle for longer, in ms, is not reused, because its server may be about to close it. A server can ask for
 * less. Both values are undici's (`keepAliveTimeout`, `keepAliveTimeoutThreshold`).
 */
const IDLE_MS_MAX = 4000;
const IDLE_MARGIN_MS = 1000;

/** @throws TransferFault `not_s3` for a line that is not `name: value`, or continues the line before */
export function readHeaders(lines: readonly string[]): Headers {
  if (lines.length > HEADERS_MAX) refuseResponse('too many headers');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = trimBlanks(line.slice(colon + 1));
    if (colon < 1 || !isFieldName(name) || !isFieldValue(value)) refuseResponse('an invalid header');
    const joined = Object.hasOwn(headers, name) ? `${headers[name] ?? ''}, ${value}` : value;
    if (name === '__proto__') defineField(headers, name, joined);
    else headers[name] = joined;
  }
  return headers;
}

/** Slower than an assignment, which would set the prototype where a field has that name. */
function defineField(headers: Record<string, string>, name: string, value: string): void {
  Object.defineProperty(headers, name, { value, enumerable: true, writable: true, configurable: true });
}

/** Trims only HTTP's blanks, in linear time. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

/** Whether the server will close the connection. As in Node, a proxy's old header for it counts, too. */
export function announcesClose({ connection = '', 'proxy-connection': ofProxy = '' }: Headers): boolean {
  return /\bclose\b/i.test(connection) || /\bclose\b/i.test(ofProxy);
}

/** How long the connection may be idle, in ms; 0 if it ends with this response. */
export function readIdleMs(headers: Headers): number {
  if (announcesClose(headers)) return 0;
  const seconds = /\btimeout=(\d{1,9})\b/i.exec(headers['keep-alive'] ?? '')?.[1];
  if (seconds === undefined) return IDLE_MS_MAX;
  return Math.min(IDLE_MS_MAX, Math.max(0, Number(seconds) * 1000 - IDLE_MARGIN_MS));
}

/**
 * How the end of the body is found (RFC 9112, section 6.3).
 * @throws TransferFault `not_s3` if the headers are ambiguous, even if there can be no body
 */
export function chooseFraming(
  status: number,
  { 'transfer-encoding': coding, 'content-length': length }: Headers,
): Framing {
  const isChunked = coding?.toLowerCase() === 'chunked' && length === undefined;
  const isSized = coding === undefined && length !== undefined && /^\d{1,15}$/.test(length);
  if (!isChunked && !isSized && (coding ?? length) !== undefined) refuseResponse('a body of an unclear size');
  if (status < 200 || status === 204 || status === 304) return { kind: 'sized', left: 0 };
  if (isChunked) return { kind: 'chunk_size' };
  return isSized ? { kind: 'sized', left: Number(length) } : { kind: 'until_close' };
}

/** @throws TransferFault `not_s3` */
export function refuseResponse(what: string): never {
  throw new TransferFault('not_s3', `not an HTTP response: ${what}`);
}
