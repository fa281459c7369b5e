import { assertNever } from '../errors.ts';
import { LineReader } from './line-reader.ts';
import {
  announcesClose,
  chooseFraming,
  readHeaders,
  readIdleMs,
  refuseResponse,
  type Framing,
  type Headers,
} from './response-head.ts';

/**
 * Limits for a head, for a line around chunks with its extensions, and for the trailers. That of a head is Node's and
 * undici's; S3's stay below 10 KiB.
 */
const HEAD_BYTES_MAX = 16 * 1024;
const LINE_BYTES_MAX = 4 * 1024;
const TRAILERS_MAX = 100;
const TRAILER_BYTES_MAX = 16 * 1024;

/** The beginning of every head. */
const PROTOCOL = 'HTTP/1.';

const END_OF_LINE = '\r\n';
const END_OF_HEAD = '\r\n\r\n';

/** A status of 100 or more. Any reason is accepted, because nothing reads it. */
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d{2})(?: .*)?$/;
/**
 * RFC 9112, section 7.1: digits and extensions, `;name` or `;name=value`. As in Node, no blanks around them and only
 * ASCII in quotes.
 */
const CHUNK_SIZE =
  /^([0-9a-f]{1,12})(?:;[\w!#$%&'*+.^`|~-]+(?:=(?:[\w!#$%&'*+.^`|~-]+|"(?:[\t !#-[\]-~]|\\[\t -~])*"))?)*$/i;

/** The parts of a response in order: heads with a status below 200, one final head, the body, the end. */
export type ResponseEvent =
  | { readonly kind: 'head'; readonly status: number; readonly headers: Headers }
  /** A view of the input, not a copy. */
  | { readonly kind: 'body'; readonly bytes: Buffer }
  /** Another request may follow on the connection within this time; 0 for none. */
  | { readonly kind: 'end'; readonly reusableForMs: number };

type State =
  | Framing
  | { readonly kind: 'head' }
  | { readonly kind: 'chunk_end' }
  | { readonly kind: 'over' }
  | { readonly kind: 'chunk'; readonly left: number }
  | Trailers;

/** What may still come. */
interface Trailers {
  readonly kind: 'trailers';
  readonly left: number;
  readonly leftBytes: number;
}

/**
 * Parses one HTTP/1.1 response (RFC 9112), from input split anywhere. It is strict, because S3 never sends an
 * ambiguous response.
 * @throws TransferFault `not_s3` for anything else
 */
export class ResponseParser {
  #state: State = { kind: 'head' };
  #reusableForMs = 0;
  /** How much of `PROTOCOL` the current head has shown. */
  #begun = 0;
  readonly #lines = new LineReader();
  readonly #method: string;

  /** @param method of the request: a response to HEAD has no body */
  constructor(method = 'GET') {
    this.#method = method;
  }

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

  /** At the first byte that HTTP does not begin with: a head of another protocol may never end. */
  #refuseOtherProtocol(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && this.#begun < PROTOCOL.length; at += 1, this.#begun += 1) {
      if (bytes[at] !== PROTOCOL.charCodeAt(this.#begun)) refuseResponse('it does not begin as HTTP does');
    }
  }

  #readHead(bytes: Buffer): ReturnType<ResponseParser['next']> {
    this.#refuseOtherProtocol(bytes);
    const { text, used } = this.#takeUpTo(END_OF_HEAD, bytes, HEAD_BYTES_MAX);
    if (text === null) return { event: null, used };
    this.#begun = 0;
    const [statusLine = '', ...lines] = text.split(END_OF_LINE);
    const [, version, digits] = STATUS_LINE.exec(statusLine) ?? refuseResponse('no status line');
    const status = Number(digits);
    const headers = readHeaders(lines);
    const framing = chooseFraming(status, headers);
    const isOld = version === '0';
    if (status === 101) refuseResponse('another protocol');
    if (status >= 200) {
      this.#state = this.#method === 'HEAD' ? { kind: 'sized', left: 0 } : framing;
      // As in Node, also not after a response to HEAD that states no size.
      this.#reusableForMs = isOld || framing.kind === 'until_close' ? 0 : readIdleMs(headers);
    } else if (isOld || announcesClose(headers)) {
      refuseResponse('an interim response that ends the connection');
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
      this.#state = readTrailer(text, state);
    } else if (state.kind === 'chunk_end') {
      if (text !== '') refuseResponse('a chunk with a wrong size');
      this.#state = { kind: 'chunk_size' };
    } else {
      const [, digits = ''] = CHUNK_SIZE.exec(text) ?? refuseResponse('a chunk without a size');
      const left = Number.parseInt(digits, 16);
      this.#state =
        left === 0 ? { kind: 'trailers', left: TRAILERS_MAX, leftBytes: TRAILER_BYTES_MAX } : { kind: 'chunk', left };
    }
    const next = this.next(bytes.subarray(used));
    return { event: next.event, used: used + next.used };
  }

  #end(used: number): ReturnType<ResponseParser['next']> {
    this.#state = { kind: 'over' };
    return { event: { kind: 'end', reusableForMs: this.#reusableForMs }, used };
  }

  #takeUpTo(mark: string, bytes: Buffer, lengthMax: number): { text: string | null; used: number } {
    return this.#lines.takeUpTo(mark, bytes, lengthMax) ?? refuseResponse('a head or line without an end');
  }
}

/** Trailers are checked and dropped. One that would change the framing is refused (RFC 9110, section 6.5.1). */
function readTrailer(line: string, { left, leftBytes }: Trailers): Trailers {
  if (left === 0 || line.length > leftBytes) refuseResponse('too many trailers');
  const { 'content-length': length, 'transfer-encoding': coding } = readHeaders([line]);
  if ((length ?? coding) !== undefined) refuseResponse('a body of an unclear size');
  return { kind: 'trailers', left: left - 1, leftBytes: leftBytes - line.length };
}
