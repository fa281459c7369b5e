import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { downloadObject, type DownloadSink, type ObjectFacts } from '../../src/client/download.ts';
import { BreakwaterError } from '../../src/errors.ts';
import { CIRCUIT, FakeCircuits } from '../support/fake-circuits.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import {
  createFakeS3,
  errorAnswer,
  networkFault,
  runWithS3,
  type FakeAnswer,
  type FakeRequest,
  type Respond,
} from '../support/fake-s3.ts';

const OBJECT = Buffer.from('0123456789abcdefghij');

function md5(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

/** A body of these bytes that then ends, or breaks with a fault of the network. */
function body(bytes: Uint8Array, { fault }: { fault?: string } = {}): Readable {
  async function* write(): AsyncGenerator<Uint8Array> {
    for (const byte of bytes) yield await Promise.resolve(Uint8Array.of(byte));
    if (fault !== undefined) throw networkFault(fault);
  }
  return Readable.from(write());
}

/** What S3 answers to this request about `object`, its range honoured; the body is cut to `length` bytes. */
function answerOf(request: FakeRequest, { object = OBJECT, length = Infinity, headers = {} } = {}): FakeAnswer {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers['range'] ?? '')?.[1] ?? 0);
  const rest = object.subarray(from);
  const isCut = length < rest.byteLength;
  return {
    status: from === 0 ? 200 : 206,
    headers: {
      etag: md5(object),
      'content-length': String(rest.byteLength),
      ...(from === 0 ? {} : { 'content-range': `bytes ${from}-${object.byteLength - 1}/${object.byteLength}` }),
      ...headers,
    },
    body: isCut ? body(rest.subarray(0, length), { fault: 'ECONNRESET' }) : body(rest),
  };
}

/** Keeps what it is given; `canRestart` as a file can, and a pipe cannot. */
class FakeSink implements DownloadSink {
  readonly #canRestart: boolean;
  bytes = Buffer.alloc(0);
  restarts = 0;

  constructor({ canRestart = true } = {}) {
    this.#canRestart = canRestart;
  }

  readonly write = async (bytes: Uint8Array): Promise<void> => {
    this.bytes = Buffer.concat([this.bytes, bytes]);
    await Promise.resolve();
  };

  readonly restart = async (): Promise<boolean> => {
    if (!this.#canRestart) return await Promise.resolve(false);
    this.restarts += 1;
    this.bytes = Buffer.alloc(0);
    return true;
  };
}

function prepare(respond: Respond, sink: FakeSink | DownloadSink = new FakeSink()) {
  const fake = createFakeS3(respond);
  const guard = createFakeGuard();
  const process = new FakeCircuits(guard.clock).startProcess();
  const opened: ObjectFacts[] = [];
  const request = {
    bucket: 'b',
    key: 'k',
    circuit: CIRCUIT,
    openSink: async (facts: ObjectFacts): Promise<DownloadSink> => {
      opened.push(facts);
      return await Promise.resolve(sink);
    },
  };
  const guarded = { ...guard.guard, gate: process.gate };
  const run = async () => await runWithS3(guard.clock, downloadObject(fake.s3, guarded, request));
  const moved = (): number =>
    guard.events.reduce((sum, event) => (event.kind === 'bytes_moved' ? sum + event.bytes : sum), 0);
  return { ...fake, ...guard, process, opened, run, moved };
}

const rangesOf = (requests: readonly FakeRequest[]) => requests.map(({ headers }) => headers['range']);

describe('downloadObject', () => {
  it('brings the bytes, and says against which promise they were checked', async () => {
    const sink = new FakeSink();
    const { run, requests, process, moved } = prepare((request) => answerOf(request), sink);
    expect(await run()).toMatchObject({ bytes: 20, sizeBytes: 20, etag: md5(OBJECT), verifiedBy: 'md5' });
    expect(sink.bytes).toEqual(OBJECT);
    expect(requests[0]?.headers).toMatchObject({ 'x-amz-checksum-mode': 'ENABLED' });
    expect(requests[0]?.headers).not.toHaveProperty('range');
    expect(process.verdicts).toEqual(['success']);
    expect(moved()).toBe(20);
  });

  it('brings an empty object', async () => {
    const { run, opened } = prepare((request) => answerOf(request, { object: Buffer.alloc(0) }));
    expect(await run()).toMatchObject({ bytes: 0, sizeBytes: 0, verifiedBy: 'md5' });
    expect(opened).toHaveLength(1);
  });

  it('asks for the rest of the same version after a cut, and repeats no byte', async () => {
    const sink = new FakeSink({ canRestart: false });
    const lengths = [7, 0, 5];
    const { run, requests, moved } = prepare(
      (request, number) => answerOf(request, { length: lengths[number - 1] ?? Infinity }),
      sink,
    );
    expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'md5' });
    expect(sink.bytes).toEqual(OBJECT);
    expect(rangesOf(requests)).toEqual([undefined, 'bytes=7-', 'bytes=7-', 'bytes=12-']);
    expect(requests.map(({ headers }) => headers['if-match'])).toEqual([
      undefined,
      md5(OBJECT),
      md5(OBJECT),
      md5(OBJECT),
    ]);
    expect(moved()).toBe(20);
  });

  it('brings every byte once, wherever up to three cuts fall', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(19), { maxLength: 3 }), fc.boolean(), async (cuts, honoursRange) => {
        const sink = new FakeSink({ canRestart: false });
        const { run } = prepare((request, number) => {
          const seen = honoursRange ? request : { ...request, headers: {} };
          return answerOf(seen, { length: cuts[number - 1] ?? Infinity });
        }, sink);
        await run();
        expect(sink.bytes).toEqual(OBJECT);
      }),
      { numRuns: 40 },
    );
  });

  it('takes a body that ends early without a fault for a cut', async () => {
    const { run, requests } = prepare((request, number) => ({
      ...answerOf(request),
      ...(number === 1 ? { body: body(OBJECT.subarray(0, 4)) } : {}),
    }));
    expect(await run()).toMatchObject({ bytes: 20 });
    expect(rangesOf(requests)).toEqual([undefined, 'bytes=4-']);
  });

  it('is done when the connection breaks only after the last byte', async () => {
    const { run, requests, process } = prepare((request) => ({
      ...answerOf(request),
      body: body(OBJECT, { fault: 'ECONNRESET' }),
    }));
    expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'md5' });
    expect(requests).toHaveLength(1);
    expect(process.verdicts).toEqual(['success']);
  });

  it('fails with one verdict when every attempt is cut', async () => {
    const { run, process, requests } = prepare((request) => answerOf(request, { length: 2 }));
    await expect(run()).rejects.toMatchObject({
      code: 'unavailable',
      details: { reason: 'connection_reset', attempts: 4 },
    });
    expect(rangesOf(requests)).toEqual([undefined, 'bytes=2-', 'bytes=4-', 'bytes=6-']);
    expect(process.verdicts).toEqual(['failure']);
  });

  it('begins again where the bytes differ from the promise', async () => {
    const sink = new FakeSink();
    const { run, requests, moved } = prepare((request, number) => {
      const answer = answerOf(request);
      return number === 1 ? { ...answer, body: body(OBJECT.toReversed()) } : answer;
    }, sink);
    expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'md5' });
    expect(sink.bytes).toEqual(OBJECT);
    expect(sink.restarts).toBe(1);
    expect(rangesOf(requests)).toEqual([undefined, undefined]);
    expect(moved()).toBe(20);
  });

  it('finds a changed byte across the pieces of several attempts', async () => {
    const sink = new FakeSink();
    const { run } = prepare((request, number) => {
      if (number === 1) return { ...answerOf(request), body: body(Buffer.from('X123'), { fault: 'ECONNRESET' }) };
      return answerOf(request);
    }, sink);
    await run();
    expect(sink.restarts).toBe(1);
    expect(sink.bytes).toEqual(OBJECT);
  });

  it('fails with checksum_mismatch when the bytes stay wrong', async () => {
    const { run, process, requests } = prepare((request) => ({
      ...answerOf(request),
      body: body(OBJECT.toReversed()),
    }));
    await expect(run()).rejects.toMatchObject({ code: 'checksum_mismatch', details: { attempts: 4 } });
    expect(requests).toHaveLength(4);
    expect(process.verdicts).toEqual(['failure']);
  });

  it('fails at once with checksum_mismatch where the bytes cannot be taken back', async () => {
    const sink = new FakeSink({ canRestart: false });
    const { run, process, requests } = prepare(
      (request) => ({ ...answerOf(request), body: body(OBJECT.toReversed()) }),
      sink,
    );
    await expect(run()).rejects.toMatchObject({ code: 'checksum_mismatch' });
    expect(requests).toHaveLength(1);
    expect(process.verdicts).toEqual(['failure']);
  });

  it.each([
    ['of an upload in parts', { etag: '"d41d8cd98f00b204e9800998ecf8427e-3"' }],
    ['encrypted with a managed key', { 'x-amz-server-side-encryption': 'aws:kms' }],
    [
      'with a composite checksum',
      { etag: '"x-2"', 'x-amz-checksum-sha256': 'AAAA-2', 'x-amz-checksum-type': 'COMPOSITE' },
    ],
  ])('raises no false alarm for an object %s', async (_what, headers) => {
    const { run } = prepare((request) =>
      answerOf(request, { headers: { etag: '"d41d8cd98f00b204e9800998ecf8427e"', ...headers } }),
    );
    expect(await run()).toMatchObject({ bytes: 20, verifiedBy: null });
  });

  it('checks the stored checksum of the whole object before the ETag', async () => {
    const sha256 = createHash('sha256').update(OBJECT).digest('base64');
    const { run } = prepare((request) => answerOf(request, { headers: { 'x-amz-checksum-sha256': sha256 } }));
    expect(await run()).toMatchObject({ verifiedBy: 'sha256' });
  });

  it.each([
    ['refuses the rest by If-Match', () => errorAnswer(412, 'PreconditionFailed'), 'success'],
    [
      'sends another version in spite of it',
      (request: FakeRequest) => answerOf(request, { object: Buffer.from('another version of it') }),
      'neutral',
    ],
  ])('ends as object_changed when a store that replaced the object %s', async (_what, then, verdict) => {
    const sink = new FakeSink();
    const { run, process } = prepare(
      (request, number) => (number === 1 ? answerOf(request, { length: 5 }) : then(request)),
      sink,
    );
    await expect(run()).rejects.toMatchObject({ code: 'object_changed' });
    expect(sink.bytes).toEqual(OBJECT.subarray(0, 5));
    expect(process.verdicts).toEqual([verdict]);
  });

  it('takes a range that was not asked for for no answer of S3', async () => {
    const sink = new FakeSink();
    const { run } = prepare(
      (request, number) =>
        number === 1
          ? answerOf(request, { length: 5 })
          : { ...answerOf(request), headers: { etag: md5(OBJECT), 'content-range': 'bytes 3-19/20' } },
      sink,
    );
    await expect(run()).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
    expect(sink.bytes).toEqual(OBJECT.subarray(0, 5));
  });

  it('touches nothing local for an object that is not there', async () => {
    const { run, opened, requests, process } = prepare(() => errorAnswer(404, 'NoSuchKey'));
    await expect(run()).rejects.toMatchObject({ code: 'not_found', details: { s3Code: 'NoSuchKey' } });
    expect(opened).toEqual([]);
    expect(requests).toHaveLength(1);
    expect(process.verdicts).toEqual(['success']);
  });

  it('touches nothing local for a page of a proxy', async () => {
    const { run, opened } = prepare(() => ({ body: '<html>please log in</html>' }));
    await expect(run()).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
    expect(opened).toEqual([]);
  });

  it('ends with the local fault, without a retry and neutral for the circuit', async () => {
    const disk = new BreakwaterError('local_io', 'cannot write x: ENOSPC');
    const sink: DownloadSink = {
      write: async () => await Promise.reject(disk),
      restart: async () => await Promise.resolve(true),
    };
    const { run, requests, process } = prepare((request) => answerOf(request), sink);
    await expect(run()).rejects.toBe(disk);
    expect(requests).toHaveLength(1);
    expect(process.verdicts).toEqual(['neutral']);
  });

  it('leaves no body unread behind it, however an attempt ends', async () => {
    const bodies: Readable[] = [];
    const sink: DownloadSink = {
      write: async () => await Promise.reject(new BreakwaterError('local_io', 'ENOSPC')),
      restart: async () => await Promise.resolve(true),
    };
    const { run } = prepare((request) => {
      const stream = body(OBJECT);
      bodies.push(stream);
      return { ...answerOf(request), body: stream };
    }, sink);
    await expect(run()).rejects.toMatchObject({ code: 'local_io' });
    expect(bodies.map(({ destroyed }) => destroyed)).toEqual([true]);
  });
});
