import { assertNever } from '../errors.ts';
import { TransferFault } from '../retry/transfer-fault.ts';

/** Limits for a head, a line around chunks, and the number of trailers. S3's heads stay below 10 KiB. */
const HEAD_BYTES_MAX = 64 * 1024;
const LINE_BYTES_MAX = 4 * 1024;
const TRAILERS_MAX = 100;

const END_OF_LINE = '\r\n';
const END_OF_HEAD = '\r\n\r\n';
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * A connection idle for longer, in ms, is not reused, because its server may be about to close it. A server can ask for
 * less. Both values are undici's (`keepAliveTimeout`, `keepAliveTimeoutThreshold`).
 */
const IDLE_MS_MAX = 4000;
const IDLE_MARGIN_MS = 1000;

/** The parts of a response in order: heads with a status below 200, one final head, the body, the end. */
export type ResponseEvent =
  | { readonly kind: 'head'; readonly status: number; readonly headers: Headers }
  /** A view of the input, not a copy. */
  | { readonly kind: 'body'; readonly bytes: Buffer }
  /** Another request may follow on the connection within this time; 0 for none. */
  | { readonly kind: 'end'; readonly reusableForMs: number };

type Headers = Readonly<Record<string, string>>;

type State =
  | { readonly kind: 'head' }
  | { readonly kind: 'chunk_size' }
  | { readonly kind: 'chunk_end' }
  | { readonly kind: 'until_close' }
  | { readonly kind: 'over' }
  | { readonly kind: 'sized' | 'chunk'; readonly left: number }
  | { readonly kind: 'trailers'; readonly left: number };

/**
 * Parses one HTTP/1.1 response (RFC 9112) to a GET, from input split anywhere. It is strict, because S3 never sends an
 * ambiguous response.
 * @throws TransferFault `not_s3` for anything else
 */
export class ResponseParser {
  #state: State = { kind: 'head' };
  #reusableForMs = 0;
  /** The start of an incomplete line or head. */
  #held: Buffer = NOTHING;

  /** The next event in `bytes`, and how many of them it uses. A null event uses all of them and needs more. */
  next(bytes: Buffer): { readonly event: ResponseEvent | null; readonly used: number } {
    switch (this.#state.kind) {
      case 'head':
        return this.#readHead(bytes);
      case 'sized':
      case 'chunk':
        return this.#readBody(bytes, this.#state);
      case 'until_close':
        return { event: bytes.length === 0 ? null : { kind: 'body', bytes }, used: bytes.length };
      case 'over':
        return { event: null, used: 0 };
      case 'chunk_size':
      case 'chunk_end':
      case 'trailers':
        return this.#readChunkLine(bytes, this.#state);
      default:
        return assertNever(this.#state);
    }
  }

  /** Call when the connection has ended. @returns whether that completes the response, because it stated no size */
  close(): boolean {
    const isWhole = this.#state.kind === 'until_close';
    if (isWhole) this.#state = { kind: 'over' };
    return isWhole;
  }

  /** Whether the head has arrived. */
  get isAnswered(): boolean {
    return this.#state.kind !== 'head';
  }

  #readHead(bytes: Buffer): ReturnType<ResponseParser['next']> {
    const { text, used } = this.#takeUpTo(END_OF_HEAD, bytes, HEAD_BYTES_MAX);
    if (text === null) return { event: null, used };
    const [statusLine = '', ...lines] = text.split(END_OF_LINE);
    const [, version, digits] = /^HTTP\/1\.([01]) (\d{3})(?: .*)?$/.exec(statusLine) ?? refuse('no status line');
    const status = Number(digits);
    const headers = readHeaders(lines);
    if (status === 101) refuse('another protocol');
    if (status >= 200) {
      this.#state = chooseFraming(status, headers);
      this.#reusableForMs = version === '1' && this.#state.kind !== 'until_close' ? readIdleMs(headers) : 0;
    }
    return { event: { kind: 'head', status, headers }, used };
  }

  #readBody(
    bytes: Buffer,
    { kind, left }: { readonly kind: 'sized' | 'chunk'; readonly left: number },
  ): ReturnType<ResponseParser['next']> {
    // Only a sized body can be empty, because an empty chunk ends a chunked one.
    if (left === 0) return this.#end(0);
    if (bytes.length === 0) return { event: null, used: 0 };
    const part = bytes.length > left ? bytes.subarray(0, left) : bytes;
    const isChunkOver = kind === 'chunk' && part.length === left;
    this.#state = isChunkOver ? { kind: 'chunk_end' } : { kind, left: left - part.length };
    return { event: { kind: 'body', bytes: part }, used: part.length };
  }

  /** Reads the lines around chunks: sizes, ends of chunks, and trailers. */
  #readChunkLine(bytes: Buffer, state: State): ReturnType<ResponseParser['next']> {
    const { text, used } = this.#takeUpTo(END_OF_LINE, bytes, LINE_BYTES_MAX);
    if (text === null) return { event: null, used };
    if (state.kind === 'trailers') {
      if (text === '') return this.#end(used);
      if (state.left === 0) refuse('too many trailers');
      this.#state = { kind: 'trailers', left: state.left - 1 };
    } else if (state.kind === 'chunk_end') {
      if (text !== '') refuse('a chunk with a wrong size');
      this.#state = { kind: 'chunk_size' };
    } else {
      const [, digits = ''] = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/i.exec(text) ?? refuse('a chunk without a size');
      const left = Number.parseInt(digits, 16);
      this.#state = left === 0 ? { kind: 'trailers', left: TRAILERS_MAX } : { kind: 'chunk', left };
    }
    const next = this.next(bytes.subarray(used));
    return { event: next.event, used: used + next.used };
  }

  #end(used: number): ReturnType<ResponseParser['next']> {
    this.#state = { kind: 'over' };
    return { event: { kind: 'end', reusableForMs: this.#reusableForMs }, used };
  }

  /** The text before `mark`; null until the mark arrives, which must be within `lengthMax` bytes. */
  #takeUpTo(mark: string, bytes: Buffer, lengthMax: number): { text: string | null; used: number } {
    const heldBytes = this.#held.length;
    const all = heldBytes === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const end = all.indexOf(mark, Math.max(0, heldBytes - mark.length + 1), 'latin1');
    if (Math.max(end, end === -1 ? all.length - mark.length : 0) > lengthMax) refuse('a head or line without an end');
    if (end === -1) {
      // A copy, because the memory is reused.
      this.#held = heldBytes === 0 ? Buffer.from(all) : all;
      return { text: null, used: bytes.length };
    }
    this.#held = NOTHING;
    return { text: all.toString('latin1', 0, end), used: end + mark.length - heldBytes };
  }
}

function readHeaders(lines: readonly string[]): Headers {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = trimBlanks(line.slice(colon + 1));
    if (colon < 1 || !TOKEN.test(name) || CONTROL.test(value)) refuse('an invalid header');
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name] ?? ''}, ${value}` : value;
  }
  return headers;
}

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
const CONTROL = /[^\t\u0020-\u007E\u0080-\u00FF]/;

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

/** How long the connection may be idle; 0 if it ends with this response. */
function readIdleMs({ connection = '', 'keep-alive': hint = '' }: Headers): number {
  if (/\bclose\b/i.test(connection)) return 0;
  const seconds = /\btimeout=(\d{1,9})\b/i.exec(hint)?.[1];
  if (seconds === undefined) return IDLE_MS_MAX;
  return Math.min(IDLE_MS_MAX, Math.max(0, Number(seconds) * 1000 - IDLE_MARGIN_MS));
}

/** How the end of the body is found (RFC 9112, section 6.3). */
function chooseFraming(status: number, { 'transfer-encoding': coding, 'content-length': length }: Headers): State {
  if (status === 204 || status === 304) return { kind: 'sized', left: 0 };
  if (coding !== undefined) {
    if (length !== undefined || coding.toLowerCase() !== 'chunked') refuse('a body of an unclear size');
    return { kind: 'chunk_size' };
  }
  if (length === undefined) return { kind: 'until_close' };
  if (!/^\d{1,15}$/.test(length)) refuse('a body of an unclear size');
  return { kind: 'sized', left: Number(length) };
}

function refuse(what: string): never {
  throw new TransferFault('not_s3', `not an HTTP response: ${what}`);
}
