import { FactTrust } from '../../src/s3/download/fact-trust.ts';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { EtagTrust } from '../../src/s3/download/etag-trust.ts';
import { downloadObject } from '../../src/s3/download/download-object.ts';
import type { ByteSpan } from '../../src/s3/download/missing-ranges.ts';
import type {
  DownloadRequest,
  ObjectFacts,
  DownloadTarget,
  FileTarget,
  StreamTarget,
} from '../../src/s3/download/download-request.ts';
import { Slots } from '../../src/guard/slots.ts';
import { createGuardedProcess } from './fake-guard.ts';
import { createFakeS3, networkFault, runWithS3, type FakeResponse, type FakeRequest, type Respond } from './fake-s3.ts';

export const OBJECT = Buffer.from('0123456789abcdefghij');

export function md5(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

/** A body of these bytes that then ends, or breaks with a fault of the network. */
export function body(bytes: Uint8Array, { fault }: { fault?: string } = {}): Readable {
  async function* write(): AsyncGenerator<Uint8Array> {
    for (const byte of bytes) yield await Promise.resolve(Uint8Array.of(byte));
    if (fault !== undefined) throw networkFault(fault);
  }
  return Readable.from(write());
}

/** What S3 answers to this request about `object`, its range honoured; the body is cut to `length` bytes. */
export function responseOf(
  request: FakeRequest,
  { object = OBJECT, length = Infinity, headers = {} } = {},
): FakeResponse {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(request.headers['range'] ?? '') ?? [];
  const from = first === '' ? object.byteLength - Number(last) : Number(first ?? 0);
  const to = first === '' || last === undefined || last === '' ? object.byteLength : Number(last) + 1;
  const sent = object.subarray(from, to);
  const isCut = length < sent.byteLength;
  const content = isCut ? body(sent.subarray(0, length), { fault: 'ECONNRESET' }) : body(sent);
  const versionId = request.query['versionId'];
  return {
    status: first === undefined ? 200 : 206,
    headers: {
      etag: md5(object),
      ...(typeof versionId === 'string' ? { 'x-amz-version-id': versionId } : {}),
      'content-length': String(sent.byteLength),
      ...(first === undefined
        ? {}
        : { 'content-range': `bytes ${from}-${from + sent.byteLength - 1}/${object.byteLength}` }),
      ...headers,
    },
    // RFC 9110, section 9.3.2: the answer to a HEAD has none.
    ...(request.method === 'HEAD' ? {} : { body: content }),
  };
}

/** A file in memory. */
export class FakeFile implements FileTarget {
  bytes = Buffer.alloc(0);
  restarts = 0;
  covered: readonly ByteSpan[] = [];
  /** How often each byte was written. */
  readonly writes: number[] = [];

  readonly writeAt: FileTarget['writeAt'] = async (chunks, offset, release) => {
    await Promise.resolve();
    const fresh = Buffer.concat(chunks);
    const grown = Buffer.alloc(Math.max(this.bytes.byteLength, offset + fresh.byteLength));
    this.bytes.copy(grown);
    fresh.copy(grown, offset);
    this.bytes = grown;
    for (let at = offset; at < offset + fresh.byteLength; at += 1) this.writes[at] = (this.writes[at] ?? 0) + 1;
    release(chunks);
  };

  readonly ready = async (): Promise<void> => {};

  readonly readBack = async (buffer: Uint8Array, offset: number): Promise<number> =>
    await Promise.resolve(this.bytes.copy(buffer, 0, offset));

  readonly onWritten = (covered: () => readonly ByteSpan[]): void => {
    this.covered = covered();
  };

  readonly restart = async (): Promise<void> => {
    this.restarts += 1;
    this.bytes = Buffer.alloc(0);
    await Promise.resolve();
  };
}

export class FakePipe implements StreamTarget {
  bytes = Buffer.alloc(0);

  readonly write = async (bytes: Uint8Array): Promise<void> => {
    await Promise.resolve();
    this.bytes = Buffer.concat([this.bytes, bytes]);
  };
}

interface Wishes extends Partial<
  Pick<
    DownloadRequest,
    'range' | 'resume' | 'listed' | 'takeWhole' | 'pieceBytes' | 'piecesInFlight' | 'versionId' | 'queue'
  >
> {
  readonly signal?: AbortSignal;
  /** Whether requests go past the SDK's `send`. @default true */
  readonly isFast?: boolean;
}

/** A download of `b/k` that has not begun, its S3, and what is seen of it. */
export function prepare(
  respond: Respond,
  target: DownloadTarget = new FakeFile(),
  { isFast = true, ...wishes }: Wishes = {},
) {
  const fake = createFakeS3(respond, 'http://fake', isFast);
  const guard = createGuardedProcess({}, 's3-download@fake');
  const etagTrust = new EtagTrust();
  const opened: (ObjectFacts & { isResumed: boolean })[] = [];
  const request: DownloadRequest = {
    bucket: 'b',
    key: 'k',
    versionId: null,
    range: null,
    resume: null,
    pieceBytes: 1000,
    piecesInFlight: 1,
    bufferBytes: 1,
    queue: new Slots().openQueue(),
    signal: new AbortController().signal,
    openTarget: async (facts, how) => {
      opened.push({ ...facts, ...how });
      return await Promise.resolve(target);
    },
    ...wishes,
  };
  const run = async () =>
    await runWithS3(
      guard.clock,
      downloadObject({ s3: fake.s3, guard: guard.guard, etagTrust, wholeTrust: new FactTrust() }, request),
    );
  const moved = (): number =>
    guard.events.reduce((sum, event) => (event.kind === 'bytes_moved' ? sum + event.bytes : sum), 0);
  return { ...fake, ...guard, opened, run, moved };
}
