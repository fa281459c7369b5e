import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BreakwaterError } from '../../../../src/errors.ts';
import { responseOf, body, FakeFile, FakePipe, md5, OBJECT, prepare } from '../../../support/fake-download.ts';
import { errorResponse, type FakeRequest } from '../../../support/fake-s3.ts';

const rangesOf = (requests: readonly FakeRequest[]) => requests.map(({ headers }) => headers['range']);

describe('downloadObject', () => {
  it('fetches the bytes, and reports the checksum that they were verified by', async () => {
    const sink = new FakeFile();
    const { run, requests, process, moved } = prepare((request) => responseOf(request), sink);
    expect(await run()).toMatchObject({ bytes: 20, sizeBytes: 20, etag: md5(OBJECT), verifiedBy: 'md5' });
    expect(sink.bytes).toEqual(OBJECT);
    expect(requests[0]?.headers).toMatchObject({ 'x-amz-checksum-mode': 'ENABLED' });
    expect(requests[0]?.headers).not.toHaveProperty('range');
    expect(process.verdicts).toEqual(['success']);
    expect(moved()).toBe(20);
  });

  it('fetches an empty object', async () => {
    const { run, opened } = prepare((request) => responseOf(request, { object: Buffer.alloc(0) }));
    expect(await run()).toMatchObject({ bytes: 0, sizeBytes: 0, verifiedBy: 'md5' });
    expect(opened).toHaveLength(1);
  });

  it('requests the rest of the same version after a cut, and repeats no byte', async () => {
    const sink = new FakePipe();
    const lengths = [7, 0, 5];
    const { run, requests, moved } = prepare(
      (request, number) => responseOf(request, { length: lengths[number - 1] ?? Infinity }),
      sink,
    );
    expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'md5' });
    expect(sink.bytes).toEqual(OBJECT);
    expect(rangesOf(requests)).toEqual([undefined, 'bytes=7-19', 'bytes=7-19', 'bytes=12-19']);
    expect(requests.map(({ headers }) => headers['if-match'])).toEqual([
      undefined,
      md5(OBJECT),
      md5(OBJECT),
      md5(OBJECT),
    ]);
    expect(moved()).toBe(20);
  });

  it('writes every byte once, wherever up to three cuts fall', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(19), { maxLength: 3 }), fc.boolean(), async (cuts, honoursRange) => {
        const sink = new FakePipe();
        const { run } = prepare((request, number) => {
          const seen = honoursRange ? request : { ...request, headers: {} };
          return responseOf(seen, { length: cuts[number - 1] ?? Infinity });
        }, sink);
        await run();
        expect(sink.bytes).toEqual(OBJECT);
      }),
      { numRuns: 40 },
    );
  });

  it('treats a body that ends early without a fault as a cut', async () => {
    const { run, requests } = prepare((request, number) => ({
      ...responseOf(request),
      ...(number === 1 ? { body: body(OBJECT.subarray(0, 4)) } : {}),
    }));
    expect(await run()).toMatchObject({ bytes: 20 });
    expect(rangesOf(requests)).toEqual([undefined, 'bytes=4-19']);
  });

  it('fails with one verdict when every attempt is cut', async () => {
    const { run, process, requests } = prepare((request) => responseOf(request, { length: 2 }));
    await expect(run()).rejects.toMatchObject({
      code: 'unavailable',
      details: { reason: 'connection_reset', attempts: 4 },
    });
    expect(rangesOf(requests)).toEqual([undefined, 'bytes=2-19', 'bytes=4-19', 'bytes=6-19']);
    expect(process.verdicts).toEqual(['failure']);
  });

  it('starts over if the bytes do not match the checksum', async () => {
    const sink = new FakeFile();
    const { run, requests, moved } = prepare((request, number) => {
      const response = responseOf(request);
      return number === 1 ? { ...response, body: body(OBJECT.toReversed()) } : response;
    }, sink);
    expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'md5' });
    expect(sink.bytes).toEqual(OBJECT);
    expect(sink.restarts).toBe(1);
    expect(rangesOf(requests)).toEqual([undefined, undefined]);
    expect(moved()).toBe(20);
  });

  it('finds a changed byte across the pieces of several attempts', async () => {
    const sink = new FakeFile();
    const { run } = prepare((request, number) => {
      if (number === 1) return { ...responseOf(request), body: body(Buffer.from('X123'), { fault: 'ECONNRESET' }) };
      return responseOf(request);
    }, sink);
    await run();
    expect(sink.restarts).toBe(1);
    expect(sink.bytes).toEqual(OBJECT);
  });

  it('fails with checksum_mismatch when the bytes stay wrong', async () => {
    const { run, process, requests } = prepare((request) => ({
      ...responseOf(request),
      body: body(OBJECT.toReversed()),
    }));
    await expect(run()).rejects.toMatchObject({ code: 'checksum_mismatch', details: { attempts: 4 } });
    expect(requests).toHaveLength(4);
    expect(process.verdicts).toEqual(['failure']);
  });

  it('fails at once with checksum_mismatch if the bytes cannot be taken back', async () => {
    const sink = new FakePipe();
    const { run, process, requests } = prepare(
      (request) => ({ ...responseOf(request), body: body(OBJECT.toReversed()) }),
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
      responseOf(request, { headers: { etag: '"d41d8cd98f00b204e9800998ecf8427e"', ...headers } }),
    );
    expect(await run()).toMatchObject({ bytes: 20, verifiedBy: null });
  });

  it('checks the stored checksum of the whole object before the ETag', async () => {
    const sha256 = createHash('sha256').update(OBJECT).digest('base64');
    const { run } = prepare((request) => responseOf(request, { headers: { 'x-amz-checksum-sha256': sha256 } }));
    expect(await run()).toMatchObject({ verifiedBy: 'sha256' });
  });

  it.each([
    ['refuses the rest by If-Match', () => errorResponse(412, 'PreconditionFailed'), 'success'],
    [
      'sends another version in spite of it',
      (request: FakeRequest) => responseOf(request, { object: Buffer.from('another version of it') }),
      'neutral',
    ],
  ])('ends as object_changed when a store that replaced the object %s', async (_what, then, verdict) => {
    const sink = new FakeFile();
    const { run, process } = prepare(
      (request, number) => (number === 1 ? responseOf(request, { length: 5 }) : then(request)),
      sink,
    );
    await expect(run()).rejects.toMatchObject({ code: 'object_changed' });
    expect(sink.bytes).toEqual(OBJECT.subarray(0, 5));
    expect(process.verdicts).toEqual([verdict]);
  });

  it('rejects a range that was not requested as a response not of S3', async () => {
    const sink = new FakeFile();
    const { run } = prepare(
      (request, number) =>
        number === 1
          ? responseOf(request, { length: 5 })
          : { ...responseOf(request), headers: { etag: md5(OBJECT), 'content-range': 'bytes 3-19/20' } },
      sink,
    );
    await expect(run()).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
    expect(sink.bytes).toEqual(OBJECT.subarray(0, 5));
  });

  it('touches nothing local for a missing object', async () => {
    const { run, opened, requests, process } = prepare(() => errorResponse(404, 'NoSuchKey'));
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
    const sink = new FakeFile();
    Object.assign(sink, { writeAt: async () => await Promise.reject(disk) });
    const { run, requests, process } = prepare((request) => responseOf(request), sink);
    await expect(run()).rejects.toBe(disk);
    expect(requests).toHaveLength(1);
    expect(process.verdicts).toEqual(['neutral']);
  });

  it('leaves no body open, however an attempt ends', async () => {
    const bodies: Readable[] = [];
    const sink = new FakeFile();
    const disk = new BreakwaterError('local_io', 'ENOSPC');
    Object.assign(sink, { writeAt: async () => await Promise.reject(disk) });
    const { run } = prepare((request) => {
      const stream = body(OBJECT);
      bodies.push(stream);
      return { ...responseOf(request), body: stream };
    }, sink);
    await expect(run()).rejects.toMatchObject({ code: 'local_io' });
    expect(bodies.map(({ destroyed }) => destroyed)).toEqual([true]);
  });

  describe('of several pieces', () => {
    const pieces = { pieceBytes: 6, piecesInFlight: 3 } as const;

    it('reads the first from the first response, and requests the others as ranges of the same version', async () => {
      const sink = new FakeFile();
      const { run, requests, moved, process } = prepare((request) => responseOf(request), sink, pieces);
      expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'md5' });
      expect(sink.bytes).toEqual(OBJECT);
      expect(new Set(rangesOf(requests))).toEqual(new Set([undefined, 'bytes=6-11', 'bytes=12-17', 'bytes=18-19']));
      expect(requests).toHaveLength(4);
      expect(requests.slice(1).map(({ headers }) => headers['if-match'])).toEqual(Array(3).fill(md5(OBJECT)));
      expect(moved()).toBe(20);
      expect(process.verdicts).toEqual(['success']);
    });

    it('writes every byte exactly once, whatever the sizes and wherever bodies are cut', async () => {
      const size = fc.integer({ min: 1, max: 9 });
      await fc.assert(
        fc.asyncProperty(
          size,
          size,
          fc.array(fc.nat(9), { maxLength: 8 }),
          async (pieceBytes, piecesInFlight, cuts) => {
            const sink = new FakeFile();
            const { run, moved } = prepare(
              // Every other answer only, so that no chain runs out of retries.
              (request, number) =>
                responseOf(request, { length: number % 2 === 1 ? (cuts[number >> 1] ?? Infinity) : Infinity }),
              sink,
              { pieceBytes, piecesInFlight },
            );
            await run();
            expect(sink.bytes).toEqual(OBJECT);
            expect(sink.writes).toEqual(Array(20).fill(1));
            expect(sink.covered).toEqual([{ start: 0, end: 20 }]);
            expect(moved()).toBe(20);
          },
        ),
        { numRuns: 60 },
      );
    });

    it('writes them to a pipe in order, whichever arrives first', async () => {
      const pipe = new FakePipe();
      const gate = Promise.withResolvers<void>();
      const { run } = prepare(
        async (request) => {
          // The second piece is held up until the third has come.
          if (request.headers['range'] === 'bytes=6-11') await gate.promise;
          if (request.headers['range'] === 'bytes=12-17') gate.resolve();
          return responseOf(request);
        },
        pipe,
        pieces,
      );
      expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'md5' });
      expect(pipe.bytes).toEqual(OBJECT);
    });

    it('never runs further ahead of a pipe than its pieces in flight', async () => {
      const pipe = new FakePipe();
      const gate = Promise.withResolvers<void>();
      const { run, requests } = prepare(
        async (request) => {
          if (request.headers['range'] === 'bytes=2-3') await gate.promise;
          return responseOf(request);
        },
        pipe,
        { pieceBytes: 2, piecesInFlight: 3 },
      );
      const running = run();
      for (let turns = 0; turns < 300; turns += 1) await new Promise(setImmediate);
      const ahead = new Set(rangesOf(requests));
      gate.resolve();
      await running;
      expect(ahead).toEqual(new Set([undefined, 'bytes=2-3', 'bytes=4-5', 'bytes=6-7']));
      expect(pipe.bytes).toEqual(OBJECT);
    });

    it('fails as its first failing piece does, with one verdict', async () => {
      const { run, process } = prepare(
        (request) =>
          request.headers['range'] === 'bytes=12-17' ? errorResponse(403, 'AccessDenied') : responseOf(request),
        new FakeFile(),
        pieces,
      );
      await expect(run()).rejects.toMatchObject({ code: 'access_denied' });
      expect(process.verdicts).toEqual(['neutral']);
    });

    it('ends as object_changed when it is replaced meanwhile', async () => {
      const { run } = prepare(
        (request) =>
          request.headers['range'] === 'bytes=12-17' ? errorResponse(412, 'PreconditionFailed') : responseOf(request),
        new FakeFile(),
        pieces,
      );
      await expect(run()).rejects.toMatchObject({ code: 'object_changed' });
    });

    it('fetches all again, once, if the whole does not match its checksum', async () => {
      const sink = new FakeFile();
      const { run, events } = prepare(
        (request, number) => {
          const response = responseOf(request);
          return number === 2 ? { ...response, body: body(Buffer.from('XXXXXX')) } : response;
        },
        sink,
        { pieceBytes: 6, piecesInFlight: 1 },
      );
      expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'md5' });
      expect(sink.bytes).toEqual(OBJECT);
      expect(sink.restarts).toBe(1);
      expect(events).toContainEqual(expect.objectContaining({ kind: 'warning', reason: 'corrupted_body' }));
    });

    it('fails with checksum_mismatch if it is wrong again', async () => {
      const { run, process } = prepare(
        (request) => {
          const response = responseOf(request);
          return request.headers['range'] === 'bytes=6-11'
            ? { ...response, body: body(Buffer.from('XXXXXX')) }
            : response;
        },
        new FakeFile(),
        pieces,
      );
      await expect(run()).rejects.toMatchObject({ code: 'checksum_mismatch' });
      expect(process.verdicts).toEqual(['failure']);
    });
  });

  describe('of a range', () => {
    it.each([
      [{ kind: 'from', first: 3, last: 7 }, 'bytes=3-7', '34567'],
      [{ kind: 'from', first: 15, last: null }, 'bytes=15-', 'fghij'],
      [{ kind: 'last', bytes: 4 }, 'bytes=-4', 'ghij'],
    ] as const)('fetches %j, in pieces too, and reports it as not verified', async (range, header, expected) => {
      for (const pieceBytes of [2, 100]) {
        for (const isIgnored of [false, true]) {
          const sink = new FakeFile();
          const { run, requests } = prepare(
            (request) => responseOf(isIgnored ? { ...request, headers: {} } : request),
            sink,
            { range, pieceBytes },
          );
          expect(await run()).toMatchObject({ bytes: expected.length, verifiedBy: null });
          expect(sink.bytes.toString()).toBe(expected);
          expect(rangesOf(requests)[0]).toBe(header);
        }
      }
    });
  });

  describe('that an earlier run started', () => {
    const resume = {
      etag: md5(OBJECT),
      sizeBytes: 20,
      covered: [
        { start: 0, end: 4 },
        { start: 10, end: 12 },
      ],
    };
    const half = (): FakeFile => {
      const file = new FakeFile();
      file.bytes = Buffer.from('0123------ab--------');
      return file;
    };

    it('requests only what is missing, of the same version, and checks the whole', async () => {
      const file = half();
      const { run, requests, opened, moved } = prepare((request) => responseOf(request), file, { resume });
      expect(await run()).toMatchObject({ bytes: 20, resumedBytes: 6, verifiedBy: 'md5' });
      expect(file.bytes).toEqual(OBJECT);
      expect(rangesOf(requests)).toEqual([undefined, 'bytes=4-9', 'bytes=12-19']);
      expect(requests[0]).toMatchObject({ method: 'HEAD', headers: { 'x-amz-checksum-mode': 'ENABLED' } });
      expect(requests[1]?.headers['if-match']).toBe(md5(OBJECT));
      expect(opened).toMatchObject([{ isResumed: true, sizeBytes: 20 }]);
      expect(moved()).toBe(14);
    });

    it('starts over if the object has changed', async () => {
      const file = half();
      const other = Buffer.from('another version of this');
      const { run, requests, opened } = prepare(
        (request, number) =>
          number === 1
            ? responseOf(request)
            : number === 2
              ? errorResponse(412, 'PreconditionFailed')
              : responseOf(request, { object: other }),
        file,
        { resume },
      );
      expect(await run()).toMatchObject({ bytes: 23, resumedBytes: 0 });
      expect(file.bytes).toEqual(other);
      expect(rangesOf(requests)).toEqual([undefined, 'bytes=4-9', undefined]);
      expect(opened).toMatchObject([{ isResumed: false }]);
    });

    it('fetches all of it once if the file is not what was saved', async () => {
      const file = half();
      file.bytes[1] = 0;
      const { run } = prepare((request) => responseOf(request), file, { resume });
      expect(await run()).toMatchObject({ bytes: 20, resumedBytes: 0, verifiedBy: 'md5' });
      expect(file.bytes).toEqual(OBJECT);
    });

    it('still sends a request if nothing is missing', async () => {
      const file = half();
      file.bytes = Buffer.from(OBJECT);
      const covered = [{ start: 0, end: 20 }];
      const { run, requests } = prepare((request) => responseOf(request), file, { resume: { ...resume, covered } });
      expect(await run()).toMatchObject({ bytes: 20, resumedBytes: 19, verifiedBy: 'md5' });
      expect(rangesOf(requests)).toEqual([undefined, 'bytes=19-19']);
    });

    it.each([
      ['has changed', { etag: '"other"' }],
      ['has nothing that would prove its bytes', { 'x-amz-server-side-encryption': 'aws:kms' }],
    ])('starts over if a HEAD shows that the object %s', async (_what, headers: Record<string, string>) => {
      const file = half();
      file.bytes[1] = 0;
      const { run, requests, opened } = prepare((request) => responseOf(request, { headers }), file, { resume });
      expect(await run()).toMatchObject({ bytes: 20, resumedBytes: 0, verifiedBy: null });
      expect(file.bytes).toEqual(OBJECT);
      expect(rangesOf(requests)).toEqual([undefined, undefined]);
      expect(opened).toMatchObject([{ isResumed: false }]);
    });

    it('fetches all of it once if the ETag of an upload in parts does not prove its bytes', async () => {
      const file = half();
      file.bytes[1] = 0;
      const etag = `"${'0'.repeat(32)}-2"`;
      const { run } = prepare((request) => responseOf(request, { headers: { etag } }), file, {
        resume: { ...resume, etag },
      });
      expect(await run()).toMatchObject({ bytes: 20, resumedBytes: 0, verifiedBy: null });
      expect(file.bytes).toEqual(OBJECT);
    });
  });

  it('ends with the reason of its own signal', async () => {
    const abort = new AbortController();
    const { run } = prepare(
      (request) => {
        abort.abort(new BreakwaterError('circuit_open', 'another object met an open circuit'));
        return responseOf(request, { length: 3 });
      },
      new FakeFile(),
      { signal: abort.signal },
    );
    await expect(run()).rejects.toMatchObject({ code: 'circuit_open' });
  });

  it("keeps the writer's own time of modification, else when it was stored", async () => {
    const headers = { 'last-modified': 'Wed, 01 Jan 2025 00:00:00 GMT' };
    const stored = prepare((request) => responseOf(request, { headers }));
    expect(await stored.run()).toMatchObject({ modifiedMs: 1_735_689_600_000 });
    const written = prepare((request) =>
      responseOf(request, { headers: { ...headers, 'x-amz-meta-mtime': '1700000000.25' } }),
    );
    expect(await written.run()).toMatchObject({ modifiedMs: 1_700_000_000_250 });
  });
});
