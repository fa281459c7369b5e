import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { uploadStream } from '../../../../src/s3/upload/upload-stream.ts';
import { NOTHING_TO_RESUME, type StreamUpload } from '../../../../src/s3/upload/upload-request.ts';
import { createFakeGuard } from '../../../support/fake-guard.ts';
import {
  createFakeS3,
  errorResponse,
  runWithS3,
  type FakeResponse,
  type FakeRequest,
} from '../../../support/fake-s3.ts';

/** The least that lib-storage takes. */
const PART = 5 * 1024 * 1024;

function nameOf({ method, query }: FakeRequest): string {
  if (method === 'PUT') return typeof query['partNumber'] === 'string' ? `part ${query['partNumber']}` : 'put';
  if (method === 'POST') return query['uploads'] === undefined ? 'complete' : 'create';
  return method === 'HEAD' ? 'head' : 'abort';
}

function prepare(
  body: AsyncIterable<Uint8Array>,
  override: (operation: string) => FakeResponse | undefined = () => undefined,
) {
  const stored = new Map<string, Buffer>();
  const operations: string[] = [];
  const fake = createFakeS3((request) => {
    const operation = nameOf(request);
    operations.push(operation);
    const other = override(operation);
    if (other !== undefined) return other;
    if (operation === 'create')
      return { body: '<InitiateMultipartUploadResult><UploadId>new</UploadId></InitiateMultipartUploadResult>' };
    if (operation === 'complete')
      return { body: '<CompleteMultipartUploadResult><Key>k</Key><ETag>"e-3"</ETag></CompleteMultipartUploadResult>' };
    if (operation === 'head') return {};
    if (operation === 'abort') return { status: 204 };
    stored.set(operation, request.body);
    const sum = request.headers['x-amz-checksum-crc32'];
    return { headers: { etag: '"e"', ...(sum === undefined ? {} : { 'x-amz-checksum-crc32': sum }) } };
  });
  const { guard, clock } = createFakeGuard();
  const remembered: string[] = [];
  const request: { -readonly [K in keyof StreamUpload]: StreamUpload[K] } = {
    bucket: 'b',
    key: 'k',
    headers: { ContentType: 'text/plain' },
    checksum: 'crc32',
    ifNoneMatch: false,
    partSizeBytes: PART,
    partsInFlight: 2,
    body,
    resume: {
      ...NOTHING_TO_RESUME,
      save: async (id) => await Promise.resolve(remembered.push(`save ${id}`) > 0),
      forget: async () => await Promise.resolve(void remembered.push('forget')),
    },
  };
  const run = async () => await runWithS3(clock, uploadStream(fake.s3, guard, request));
  return { run, request, stored, operations, remembered, requests: fake.requests };
}

async function* chunksOf(bytes: Buffer, size = 300_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

/** Its period, 251, divides no size of a block or a part: a byte in the wrong place shows. */
const PATTERN = Buffer.from(Array.from({ length: 251 }, (_, index) => index));
const md5 = (text: string): Buffer => createHash('md5').update(text).digest();
const content = (length: number): Buffer => Buffer.alloc(length, PATTERN);

describe('uploadStream', () => {
  it.each([0, 1, PART - 1, PART])('sends %d bytes, which fit into one part, in one request', async (length) => {
    const { run, stored, operations, requests } = prepare(chunksOf(content(length)));
    expect(await run()).toMatchObject({ etag: '"e"', bytes: length, resumedBytes: 0, checksum: 'crc32' });
    expect(operations).toEqual(['put']);
    expect(stored.get('put')?.equals(content(length))).toBe(true);
    expect(requests[0]?.headers['content-type']).toBe('text/plain');
  });

  it.each([PART + 1, 2 * PART, 5 * PART + 7])('sends %d bytes in parts, each byte in its place', async (length) => {
    const { run, stored, operations, remembered } = prepare(chunksOf(content(length)));
    expect(await run()).toMatchObject({ etag: '"e-3"', bytes: length, resumedBytes: 0, checksum: 'crc32' });
    const count = Math.ceil(length / PART);
    const parts = Array.from({ length: count }, (_, index) => stored.get(`part ${index + 1}`) ?? Buffer.alloc(0));
    expect(parts.map(({ length: bytes }) => bytes).slice(0, -1)).toEqual(Array(count - 1).fill(PART));
    expect(Buffer.concat(parts).equals(content(length))).toBe(true);
    expect([operations[0], operations.at(-1), operations.length]).toEqual(['create', 'complete', count + 2]);
    expect(remembered).toEqual(['save new', 'forget']);
  });

  it('sends a part again with the same bytes', async () => {
    let failures = 1;
    const { run, stored } = prepare(chunksOf(content(3 * PART)), (operation) => {
      if (operation !== 'part 2' || failures === 0) return undefined;
      failures -= 1;
      return errorResponse(503, 'SlowDown');
    });
    await run();
    expect(stored.get('part 2')?.equals(content(3 * PART).subarray(PART, 2 * PART))).toBe(true);
  });

  it('aborts what it has begun when a part fails, also while the stream says nothing', async () => {
    const silent = async function* silent(): AsyncGenerator<Uint8Array> {
      yield content(PART + 1);
      await new Promise<never>(() => undefined);
    };
    const { run, operations, remembered } = prepare(silent(), (operation) =>
      operation === 'part 1' ? errorResponse(403, 'AccessDenied') : undefined,
    );
    await expect(run()).rejects.toMatchObject({ code: 'access_denied' });
    expect(operations).toEqual(['create', 'part 1', 'abort']);
    expect(remembered).toEqual(['save new', 'forget']);
  });

  it('ends the other parts at once when one fails for good', async () => {
    const { run, operations } = prepare(chunksOf(content(3 * PART)), (operation) => {
      if (operation === 'part 1') return errorResponse(503, 'SlowDown');
      return operation === 'part 2' ? errorResponse(403, 'AccessDenied') : undefined;
    });
    await expect(run()).rejects.toMatchObject({ code: 'access_denied' });
    expect(operations).toEqual(['create', 'part 1', 'part 2', 'abort']);
  });

  it('remembers an upload that it could not abort, for the next run to remove', async () => {
    const { run, operations, remembered } = prepare(chunksOf(content(PART + 1)), (operation) =>
      operation === 'part 1' || operation === 'abort' ? errorResponse(403, 'AccessDenied') : undefined,
    );
    await expect(run()).rejects.toMatchObject({ code: 'access_denied' });
    expect(operations.at(-1)).toBe('abort');
    expect(remembered).toEqual(['save new']);
  });

  it('is done when the response to its completion was lost', async () => {
    const etag = `"${createHash('md5')
      .update(Buffer.concat([md5('1'), md5('2')]))
      .digest('hex')}-2"`;
    let completions = 0;
    const { run, operations } = prepare(chunksOf(content(PART + 1)), (operation) => {
      if (operation.startsWith('part')) return { headers: { etag: `"${md5(operation.slice(5)).toString('hex')}"` } };
      if (operation === 'head') return { headers: { etag } };
      if (operation !== 'complete') return undefined;
      completions += 1;
      return completions === 1 ? errorResponse(503, 'SlowDown') : errorResponse(404, 'NoSuchUpload');
    });
    expect(await run()).toMatchObject({ etag, bytes: PART + 1, checksum: null });
    expect(operations).toEqual(['create', 'part 1', 'part 2', 'complete', 'complete', 'head']);
  });

  it('makes no object of a stream that breaks', async () => {
    const broken = async function* broken(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(content(PART + 1));
      throw new Error('unreadable');
    };
    const { run, operations } = prepare(broken());
    await expect(run()).rejects.toThrow('unreadable');
    expect(operations).not.toContain('complete');
    expect(operations.at(-1)).toBe('abort');
  });

  it('sends no part under a key that is taken, where it must not be', async () => {
    const stage = prepare(chunksOf(content(PART + 1)));
    stage.request.ifNoneMatch = true;
    await expect(stage.run()).rejects.toMatchObject({ code: 'exists' });
    expect(stage.operations).toEqual(['head']);
  });
});
