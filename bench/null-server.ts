/**
 * The null server of the benchmarks, a process of its own: `node bench/null-server.ts [DELAY_MS]` prints one line,
 * `{"port","md5Port"}`, and ends with its standard input. Each answer waits so long, as one that comes from afar; by default not
 * at all. It speaks just enough HTTP over plain sockets, so that the client is what is measured. The second port computes the MD5
 * of what it is sent, for clients that check the ETag of their uploads and cannot be told not to.
 */
import { createHash, type Hash } from 'node:crypto';
import { createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { responseNull, type NullResponse, type NullRequest, type Written } from './null-s3.ts';
import { NULL_BLOCK } from './null-object.ts';

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const DELAY_MS = Number(process.argv[2] ?? 0);
const READ_BYTES = 256 * 1024;
const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  204: 'No Content',
  206: 'Partial Content',
  404: 'Not Found',
};

interface Head {
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyMap<string, string>;
}

interface Incoming {
  readonly head: Head;
  /** Bytes of the body that are still to come; of the current chunk where it is chunked. */
  left: number;
  readonly isChunked: boolean;
  received: number;
  readonly kept: Buffer[] | null;
  readonly md5: Hash | null;
}

/** One connection: requests one after the other, as HTTP/1.1 has them. */
class Connection {
  readonly #socket: Socket;
  readonly #written: Map<string, Written>;
  readonly #hasMd5: boolean;
  #rest: Buffer = Buffer.alloc(0);
  #incoming: Incoming | null = null;

  constructor(socket: Socket, { written, hasMd5 }: { written: Map<string, Written>; hasMd5: boolean }) {
    this.#socket = socket;
    this.#written = written;
    this.#hasMd5 = hasMd5;
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
    const isChunked = head.headers.get('transfer-encoding') === 'chunked';
    const left = isChunked ? 0 : Number(head.headers.get('content-length') ?? 0);
    this.#incoming = {
      head,
      left,
      isChunked,
      received: 0,
      kept: head.method === 'POST' ? [] : null,
      md5: this.#hasMd5 && head.method === 'PUT' ? createHash('md5') : null,
    };
    if (head.headers.has('expect')) this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    if (left === 0 && !isChunked) this.#finish(this.#incoming);
    return end + END_OF_HEAD.length;
  }

  #takeBody(incoming: Incoming, bytes: Buffer): number | null {
    if (incoming.left === 0) return this.#takeChunkSize(incoming, bytes);
    if (bytes.length === 0) return null;
    const part = bytes.length > incoming.left ? bytes.subarray(0, incoming.left) : bytes;
    incoming.left -= part.length;
    incoming.received += part.length;
    incoming.kept?.push(Buffer.from(part));
    incoming.md5?.update(part);
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
    this.#finish(incoming);
    return endOfTrailers + END_OF_HEAD.length;
  }

  #finish({ head, received, kept, md5 }: Incoming): void {
    this.#incoming = null;
    const mark = head.target.indexOf('?');
    const path = mark === -1 ? head.target : head.target.slice(0, mark);
    const sent = head.headers.get('content-md5');
    const request: NullRequest = {
      method: head.method,
      key: decodeURIComponent(path.split('/').slice(2).join('/')),
      query: new URLSearchParams(mark === -1 ? '' : head.target.slice(mark + 1)),
      headers: head.headers,
      body: kept === null ? '' : Buffer.concat(kept).toString(),
      sizeBytes: Number(head.headers.get('x-amz-decoded-content-length') ?? received),
      md5: md5?.digest('hex') ?? (sent === undefined ? null : Buffer.from(sent, 'base64').toString('hex')),
    };
    const response = (): void => {
      send(this.#socket, responseNull(request, this.#written), { hasBody: head.method !== 'HEAD' });
    };
    if (DELAY_MS > 0) setTimeout(response, DELAY_MS);
    else response();
  }
}

function readHead(text: string): Head {
  const [line = '', ...fields] = text.split('\r\n');
  const [method = '', target = ''] = line.split(' ');
  const headers = new Map<string, string>();
  for (const field of fields) {
    const colon = field.indexOf(':');
    headers.set(field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim());
  }
  return { method, target, headers };
}

function send(socket: Socket, { status, headers, body }: NullResponse, { hasBody }: { hasBody: boolean }): void {
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
    sendObject(socket, body);
    socket.uncork();
  }
}

/** Writes until the socket is full, and goes on when it has drained. */
function sendObject(socket: Socket, { start, end }: { start: number; end: number }): void {
  let at = start;
  while (at < end) {
    const offset = at % NULL_BLOCK.length;
    const block = NULL_BLOCK.subarray(offset, Math.min(NULL_BLOCK.length, offset + end - at));
    at += block.length;
    if (!socket.write(block) && at < end) {
      const rest = { start: at, end };
      socket.once('drain', () => sendObject(socket, rest));
      return;
    }
  }
}

/**
 * Takes a connection over with one buffer that all its reads share: `net` gives that to clients only, and a fresh buffer for
 * each read costs the server more than twice the CPU of an upload, on cores that the client needs.
 */
function serve(accepted: Socket, shared: { written: Map<string, Written>; hasMd5: boolean }): void {
  const { _handle: handle } = accepted as unknown as { _handle: unknown };
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const onread = {
    buffer,
    callback: (length: number): boolean => {
      connection.take(buffer.subarray(0, length));
      return true;
    },
  };
  const socket = new Socket({ handle, onread } as ConstructorParameters<typeof Socket>[0]);
  const connection = new Connection(socket, shared);
  socket.resume();
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const written = new Map<string, Written>();
const [port, md5Port] = await Promise.all(
  [false, true].map(
    async (hasMd5) =>
      await listen(createServer({ pauseOnConnect: true }, (socket) => serve(socket, { written, hasMd5 }))),
  ),
);
process.stdout.write(`${JSON.stringify({ port, md5Port })}\n`);
// It must not outlive the benchmark, however that ends.
process.stdin.on('end', () => process.exit(0)).resume();
