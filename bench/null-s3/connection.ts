import type { Socket } from 'node:net';
import { CHECKSUM_NAMES } from './digests.ts';
import type { NullRequest, NullResponse } from './message.ts';
import { NULL_BLOCK } from './pattern.ts';
import { ReceivedContent } from './received-content.ts';

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  204: 'No Content',
  206: 'Partial Content',
  400: 'Bad Request',
  404: 'Not Found',
  416: 'Range Not Satisfiable',
};

interface Head {
  readonly method: string;
  readonly target: string;
  readonly headers: Map<string, string>;
}

interface Incoming {
  readonly head: Head;
  /** Bytes of the body that are still to come; of the current chunk where it is chunked. */
  left: number;
  readonly isChunked: boolean;
  readonly kept: Buffer[] | null;
  readonly content: ReceivedContent | null;
}

export interface ConnectionOptions {
  readonly respond: (request: NullRequest) => NullResponse;
  /** Before each answer. */
  readonly delayMs: number;
  /** Changes a byte of every body that comes, and of every MiB that goes. */
  readonly corrupts: boolean;
}

/** One connection: requests one after the other, as HTTP/1.1 has them. */
export class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  #rest: Buffer = Buffer.alloc(0);
  #incoming: Incoming | null = null;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.setNoDelay(true);
    // A client that goes away in the middle is no event here.
    socket.on('error', () => socket.destroy());
  }

  /** @param chunk gone after the call: its memory is read into again */
  take(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = bytes.subarray(0, 0);
    for (;;) {
      const used = this.#incoming === null ? this.#takeHead(bytes) : this.#takeBody(this.#incoming, bytes);
      if (used === null) break;
      bytes = bytes.subarray(used);
    }
    this.#rest = Buffer.from(bytes);
  }

  /** How many bytes were used; null where more must come first. */
  #takeHead(bytes: Buffer): number | null {
    const end = bytes.indexOf(END_OF_HEAD);
    if (end === -1) return null;
    const head = readHead(bytes.toString('latin1', 0, end));
    const { method, headers } = head;
    // Both write their chunks alike, and aws sends one framing for both.
    const isChunked =
      headers.get('transfer-encoding') === 'chunked' ||
      headers.get('content-encoding')?.includes('aws-chunked') === true;
    const left = isChunked ? 0 : Number(headers.get('content-length') ?? 0);
    this.#incoming = {
      head,
      left,
      isChunked,
      kept: method === 'POST' ? [] : null,
      content: method === 'PUT' ? new ReceivedContent(namesOf(headers)) : null,
    };
    if (headers.has('expect')) this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    if (left === 0 && !isChunked) this.#finish(this.#incoming);
    return end + END_OF_HEAD.length;
  }

  #takeBody(incoming: Incoming, bytes: Buffer): number | null {
    if (incoming.left === 0) return this.#takeChunkSize(incoming, bytes);
    if (bytes.length === 0) return null;
    const part = bytes.length > incoming.left ? bytes.subarray(0, incoming.left) : bytes;
    incoming.left -= part.length;
    incoming.kept?.push(Buffer.from(part));
    incoming.content?.update(this.#options.corrupts && incoming.content.sizeBytes === 0 ? changeByte(part, 0) : part);
    if (incoming.left === 0 && !incoming.isChunked) this.#finish(incoming);
    return part.length;
  }

  /** The line before a chunk, with the end of the chunk before it; after the last, its trailers. */
  #takeChunkSize(incoming: Incoming, bytes: Buffer): number | null {
    const from = bytes[0] === 13 ? 2 : 0;
    const end = bytes.indexOf('\r\n', from);
    if (end === -1) return null;
    const size = Number.parseInt(bytes.toString('latin1', from, end), 16);
    if (size > 0) {
      incoming.left = size;
      return end + 2;
    }
    const endOfTrailers = bytes.indexOf(END_OF_HEAD, end);
    if (endOfTrailers === -1) return null;
    readFields(bytes.toString('latin1', end + 2, endOfTrailers), incoming.head.headers);
    this.#finish(incoming);
    return endOfTrailers + END_OF_HEAD.length;
  }

  #finish({ head, kept, content }: Incoming): void {
    this.#incoming = null;
    const mark = head.target.indexOf('?');
    const path = mark === -1 ? head.target : head.target.slice(0, mark);
    const request: NullRequest = {
      method: head.method,
      key: decodeURIComponent(path.split('/').slice(2).join('/')),
      query: new URLSearchParams(mark === -1 ? '' : head.target.slice(mark + 1)),
      headers: head.headers,
      body: kept === null ? '' : Buffer.concat(kept).toString(),
      content,
    };
    const answer = (): void => {
      const { respond, corrupts } = this.#options;
      send(this.#socket, respond(request), { hasBody: head.method !== 'HEAD', corrupts });
    };
    if (this.#options.delayMs > 0) setTimeout(answer, this.#options.delayMs);
    else answer();
  }
}

/** The digests that an answer to a PUT may need. */
function namesOf(headers: ReadonlyMap<string, string>): ReadonlyArray<'md5' | (typeof CHECKSUM_NAMES)[number]> {
  const trailer = headers.get('x-amz-trailer') ?? '';
  const announced = headers.get('x-amz-sdk-checksum-algorithm')?.toLowerCase();
  const isSigned = /^[0-9a-f]{64}$/.test(headers.get('x-amz-content-sha256') ?? '');
  const isAsked = (name: string): boolean =>
    name === 'crc64nvme' ||
    name === announced ||
    headers.has(`x-amz-checksum-${name}`) ||
    trailer.includes(`x-amz-checksum-${name}`) ||
    (name === 'sha256' && isSigned);
  return ['md5', ...CHECKSUM_NAMES.filter(isAsked)];
}

function readHead(text: string): Head {
  const end = text.indexOf('\r\n');
  const [method = '', target = ''] = text.slice(0, end).split(' ');
  return { method, target, headers: readFields(text.slice(end + 2), new Map()) };
}

function readFields(text: string, headers: Map<string, string>): Map<string, string> {
  for (const field of text.split('\r\n')) {
    const colon = field.indexOf(':');
    if (colon > 0) headers.set(field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim());
  }
  return headers;
}

function send(
  socket: Socket,
  { status, headers, body }: NullResponse,
  { hasBody, corrupts }: { hasBody: boolean; corrupts: boolean },
): void {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.end - body.start;
  const lines = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Status'}`,
    'x-amz-request-id: NULL',
    ...headers,
    ...(status === 204 ? [] : [`content-length: ${length}`]),
  ];
  const head = `${lines.join('\r\n')}\r\n\r\n`;
  if (!hasBody) socket.write(head);
  else if (typeof body === 'string') socket.write(head + body);
  else {
    socket.cork();
    socket.write(head);
    sendObject(socket, { ...body, corrupts });
    socket.uncork();
  }
}

/** Writes until the socket is full, and goes on when it has drained. */
function sendObject(socket: Socket, { start, end, corrupts }: { start: number; end: number; corrupts: boolean }): void {
  let at = start;
  while (at < end) {
    const offset = at % NULL_BLOCK.length;
    const block = NULL_BLOCK.subarray(offset, Math.min(NULL_BLOCK.length, offset + end - at));
    const sent = corrupts ? changeByte(block, block.length >> 1) : block;
    at += block.length;
    if (!socket.write(sent) && at < end) {
      const rest = { start: at, end, corrupts };
      socket.once('drain', () => sendObject(socket, rest));
      return;
    }
  }
}

/** A copy that differs in one byte. */
function changeByte(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}
