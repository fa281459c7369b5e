import type { Socket } from 'node:net';
import { ChunkDecoder } from './chunk-decoder.ts';
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
  /** Bytes of the body that are still to come; counts nothing where it is chunked. */
  left: number;
  /** The framing of HTTP; null without. */
  readonly chunks: ChunkDecoder | null;
  /** The framing within, of S3; null without. */
  readonly awsChunks: ChunkDecoder | null;
  readonly kept: Buffer[] | null;
  readonly content: ReceivedContent | null;
  /** Takes bytes of the body, without the framing of HTTP. */
  readonly take: (bytes: Buffer) => void;
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
    this.#incoming = this.#expect(readHead(bytes.toString('latin1', 0, end)));
    const { head, left, chunks } = this.#incoming;
    if (head.headers.has('expect')) this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    if (left === 0 && chunks === null) this.#finish(this.#incoming);
    return end + END_OF_HEAD.length;
  }

  #expect(head: Head): Incoming {
    const { method, headers } = head;
    const kept: Buffer[] | null = method === 'POST' ? [] : null;
    const content = method === 'PUT' ? new ReceivedContent(namesOf(headers)) : null;
    const store = (bytes: Buffer): void => {
      kept?.push(Buffer.from(bytes));
      content?.update(this.#options.corrupts && content.sizeBytes === 0 ? changeByte(bytes, 0) : bytes);
    };
    const isAwsChunked = headers.get('content-encoding')?.includes('aws-chunked') === true;
    const awsChunks = isAwsChunked ? new ChunkDecoder(store) : null;
    const take = (bytes: Buffer): void => {
      if (awsChunks === null) store(bytes);
      else awsChunks.take(bytes);
    };
    const chunks = headers.get('transfer-encoding') === 'chunked' ? new ChunkDecoder(take) : null;
    const left = Number(headers.get('content-length') ?? 0);
    return { head, left, chunks, awsChunks, kept, content, take };
  }

  #takeBody(incoming: Incoming, bytes: Buffer): number | null {
    if (bytes.length === 0) return null;
    if (incoming.chunks !== null) {
      const used = incoming.chunks.take(bytes);
      if (incoming.chunks.isDone) this.#finish(incoming);
      return used;
    }
    const part = bytes.subarray(0, incoming.left);
    incoming.left -= part.length;
    incoming.take(part);
    if (incoming.left === 0) this.#finish(incoming);
    return part.length;
  }

  #finish({ head, chunks, awsChunks, kept, content }: Incoming): void {
    this.#incoming = null;
    readFields([...(awsChunks?.trailers ?? []), ...(chunks?.trailers ?? [])], head.headers);
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
  const [line = '', ...fields] = text.split('\r\n');
  const [method = '', target = ''] = line.split(' ');
  return { method, target, headers: readFields(fields, new Map()) };
}

function readFields(fields: readonly string[], headers: Map<string, string>): Map<string, string> {
  for (const field of fields) {
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
