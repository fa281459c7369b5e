import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { ResponseParser } from '../../../src/http/response-parser.ts';

/** What a reader makes of an answer whose connection then ends. */
export interface AnswerReading {
  /** `whole`: a complete answer; `cut`: a part of one; `refused`: not an answer. */
  readonly end: 'whole' | 'cut' | 'refused';
  /** Of the final head; null if it was not accepted. */
  readonly status: number | null;
  /** By lower-case names; values of repeated headers joined. */
  readonly headers: Readonly<Record<string, string>>;
  /** In latin1; also the part that was read before a failure. */
  readonly body: string;
  /** Whether the connection may serve another request. */
  readonly isReusable: boolean;
  /** The reader's words for a refusal. */
  readonly why: string;
}

/** Reads with our parser. Each piece is overwritten once it is read, because a connection uses its memory again. */
export function readWithParser(pieces: readonly string[], method = 'GET', Parser = ResponseParser): AnswerReading {
  const parser = new Parser(method);
  const read = { end: 'cut' as AnswerReading['end'], status: null as number | null, body: '', isReusable: false };
  let headers: Readonly<Record<string, string>> = {};
  try {
    for (const piece of pieces) {
      const memory = Buffer.from(piece, 'latin1');
      for (let bytes = memory; read.end !== 'whole';) {
        const { event, used } = parser.next(bytes);
        bytes = bytes.subarray(used);
        if (event === null) break;
        if (event.kind === 'body') read.body += event.bytes.toString('latin1');
        else if (event.kind === 'end') Object.assign(read, { end: 'whole', isReusable: event.reusableForMs > 0 });
        else if (event.status >= 200) {
          read.status = event.status;
          ({ headers } = event);
        }
      }
      // Another answer would be read from what follows, so the connection is not reused (`GetExchange`).
      memory.fill('?');
    }
    if (read.end === 'cut' && parser.close()) read.end = 'whole';
    return { ...read, headers, why: '' };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'TransferFault') throw error;
    return { ...read, headers, end: 'refused', why: error.message };
  }
}

/** Reads with Node's client, whose parser is llhttp in its strict mode. */
export async function readWithNode(pieces: readonly string[], method = 'GET'): Promise<AnswerReading> {
  const socket = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done(), autoDestroy: true });
  const asked = request({
    createConnection: () => socket,
    host: 'test',
    method,
    joinDuplicateHeaders: true,
  });
  // No limit, so that none is dropped.
  asked.maxHeadersCount = 0;
  // As if an agent had asked; Node then says whether the answer allows another request.
  asked.shouldKeepAlive = true;
  const reading = observe(asked);
  asked.end();
  await new Promise(setImmediate);
  for (const piece of pieces) if (!socket.destroyed) socket.push(Buffer.from(piece, 'latin1'));
  if (!socket.destroyed) socket.push(null);
  // The end is read in the next round; a stream of its own does not close by itself.
  await new Promise(setImmediate);
  socket.destroy();
  return await reading;
}

async function observe(asked: ClientRequest): Promise<AnswerReading> {
  let why: Error | null = null;
  let response: IncomingMessage | null = null;
  let isReusable = false;
  const body: Buffer[] = [];
  asked.on('error', (error) => (why ??= error));
  asked.on('response', (incoming) => {
    response = incoming;
    isReusable = asked.shouldKeepAlive;
    incoming.on('data', (bytes: Buffer) => body.push(bytes)).on('error', (error) => (why ??= error));
  });
  await new Promise((resolve) => {
    asked.once('close', resolve);
  });
  await new Promise(setImmediate);
  const final = response as IncomingMessage | null;
  if (final !== null && !final.closed) await new Promise((resolve) => final.once('close', resolve));
  const isWhole = final?.complete === true;
  const failure = why as NodeJS.ErrnoException | null;
  const isRefused = !isWhole && failure?.code?.startsWith('HPE_') === true;
  return {
    end: isWhole ? 'whole' : isRefused ? 'refused' : 'cut',
    status: final?.statusCode ?? null,
    headers: joinHeaders(final?.rawHeaders ?? []),
    body: Buffer.concat(body).toString('latin1'),
    isReusable: isWhole && isReusable,
    why: failure?.message ?? '',
  };
}

/** As our reader does. */
function joinHeaders(raw: readonly string[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    const known = headers.get(name);
    headers.set(name, known === undefined ? value : `${known}, ${value}`);
  }
  return Object.fromEntries(headers);
}
