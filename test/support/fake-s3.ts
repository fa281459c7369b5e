import { Readable } from 'node:stream';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { DirectClient } from '../../src/s3/connection/direct-client.ts';
import { ObjectClient } from '../../src/s3/connection/object-client.ts';
import type { WatchedHttpHandler } from '../../src/http/http-handler.ts';
import type { RequestWatch } from '../../src/http/request-watch.ts';
import { turn, watchSettled, type VirtualClock } from './virtual-clock.ts';

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Aborted when nobody waits for the answer any more. */
  readonly abortSignal: AbortSignal | undefined;
  /** What the HTTP handler reports to. */
  readonly watch: RequestWatch | undefined;
}

export interface FakeResponse {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | Readable;
}

/** Answers a request; the number counts from 1. What it throws is a fault of the network. */
export type Respond = (request: FakeRequest, number: number) => FakeResponse | Promise<FakeResponse>;

type HttpRequest = Parameters<WatchedHttpHandler['handle']>[0];

/** The real SDK client in front of answers in memory: what it writes and reads is the wire, without a socket. */
export function createFakeS3(
  respond: Respond,
  endpoint = 'http://fake',
  isFast = true,
): { s3: ObjectClient; requests: FakeRequest[] } {
  const requests: FakeRequest[] = [];
  const config: S3ClientConfig = {
    region: 'us-east-1',
    endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: 'A', secretAccessKey: 'S' },
    maxAttempts: 1,
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      handle: async (
        { method, path, query, headers, body }: HttpRequest,
        {
          abortSignal,
          watch,
          wholeBytesMax = 0,
        }: { abortSignal?: AbortSignal; watch?: RequestWatch; wholeBytesMax?: number } = {},
      ) => {
        const request = { method, path, query: query ?? {}, headers, body: await readAll(body), abortSignal, watch };
        requests.push(request);
        const { status = 200, headers: answered = {}, body: content = '' } = await respond(request, requests.length);
        const stream = content instanceof Readable ? content : Readable.from([Buffer.from(content)]);
        // As the handler does where it is asked to: a body that states its end comes in one piece.
        const isWhole =
          wholeBytesMax > 0 && Number(answered['content-length'] ?? Infinity) <= wholeBytesMax && status === 200;
        return {
          response: { statusCode: status, headers: { ...answered }, body: isWhole ? await readAll(stream) : stream },
        };
      },
    },
  };
  return { s3: isFast ? new DirectClient(config, null) : new ObjectClient(config), requests };
}

/** An error as S3 writes it. */
export function errorResponse(status: number, code: string): FakeResponse {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>as S3 says</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml', 'x-amz-request-id': 'REQ1' }, body };
}

export function networkFault(code: string): Error {
  return Object.assign(new Error(`fake ${code}`), { code });
}

async function readAll(body: unknown): Promise<Buffer> {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Turns of the event loop that the SDK may need between two of our own waits; far more than it does. */
const TURNS_MAX = 20_000;

/** Lets turns and, only while somebody sleeps, time pass until `promise` settles. */
export async function runWithS3<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  const isSettled = watchSettled(promise);
  for (let turns = 0; turns < TURNS_MAX && !isSettled(); turns += 1) {
    await turn();
    if (clock.sleeping > 0) await clock.advance(100);
  }
  if (!isSettled()) throw new Error('the promise is still pending: it would never settle');
  return await promise;
}
