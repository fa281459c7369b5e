import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { UploadResumePoint } from '../../../../src/s3/upload/upload-request.ts';
import { BreakwaterError } from '../../../../src/errors.ts';
import { computeChecksum } from '../../../../src/sandbox/protocol/checksum.ts';
import { errorResponse, networkFault } from '../../../support/fake-s3.ts';
import { body, md5, PART, prepare, resumable, type Override } from '../../../support/fake-upload.ts';

describe('a file that fits into one part', () => {
  it('is one request with its CRC-32, tried again with the same bytes', async () => {
    const small = body.subarray(0, PART);
    const stage = prepare(small, {
      override: (_request, _operation, count) => (count === 1 ? networkFault('ECONNRESET') : undefined),
    });
    const result = await stage.run();
    expect(result).toMatchObject({ bytes: PART, etag: `"${md5(small)}"`, checksum: 'crc32', resumedBytes: 0 });
    expect(stage.operations).toEqual(['put', 'put']);
    expect(stage.requests.map((request) => request.body.equals(small))).toEqual([true, true]);
    expect(stage.requests[1]?.headers['x-amz-checksum-crc32']).toBe(computeChecksum('crc32', small));
  });

  it('tells of no checksum that the store has not confirmed', async () => {
    expect(await prepare(Buffer.alloc(0), { hasChecksums: false }).run()).toMatchObject({ checksum: null });
  });

  it('is not sent when it has changed', async () => {
    const stage = prepare(Buffer.from('x'), {
      source: {
        readAt: async () => await Promise.resolve(),
        confirm: () => {
          throw new BreakwaterError('source_changed', 'it changed');
        },
      },
    });
    await expect(stage.run()).rejects.toMatchObject({ code: 'source_changed' });
    expect(stage.operations).toEqual([]);
  });

  it.each([
    ['https://fake', 'UNSIGNED-PAYLOAD'],
    ['http://fake', createHash('sha256').update('x').digest('hex')],
  ])('has at %s a body whose signature says %s', async (endpoint, expected) => {
    const stage = prepare(Buffer.from('x'), { endpoint });
    await stage.run();
    expect(stage.requests[0]?.headers['x-amz-content-sha256']).toBe(expected);
  });

  it('under --if-none-match is ours when an answer was lost, and a stranger is `exists`', async () => {
    const answers =
      (head: string): Override =>
      (_request, operation, count) => {
        if (operation === 'head') return count === 1 ? { status: 404 } : { headers: { etag: `"${head}"` } };
        return count === 1 ? networkFault('ECONNRESET') : errorResponse(412, 'PreconditionFailed');
      };
    const ours = prepare(Buffer.from('x'), { ifNoneMatch: true, override: answers(md5('x')) });
    expect(await ours.run()).toMatchObject({ etag: `"${md5('x')}"` });
    const other = prepare(Buffer.from('x'), { ifNoneMatch: true, override: answers(md5('y')) });
    await expect(other.run()).rejects.toMatchObject({ code: 'exists' });
  });
});

describe('a file of several parts', () => {
  it('is created, sent, and completed with the checksum of the whole', async () => {
    const stage = prepare(body);
    const result = await stage.run();
    expect(result).toMatchObject({ bytes: body.length, etag: '"e-3"', checksum: 'crc32' });
    expect(Buffer.concat([1, 2, 3].map((number) => stage.parts.get(number)!)).equals(body)).toBe(true);
    const complete = stage.requests.at(-1)!;
    expect(complete.headers).toMatchObject({
      'x-amz-checksum-crc32': computeChecksum('crc32', body),
      'x-amz-checksum-type': 'FULL_OBJECT',
      'x-amz-mp-object-size': String(body.length),
    });
    expect(stage.saved).toEqual(['new', null]);
  });

  it('promises nothing about the whole to a store that knows no such checksum', async () => {
    const stage = prepare(body, { hasChecksums: false });
    expect(await stage.run()).toMatchObject({ checksum: null });
    const complete = stage.requests.at(-1)!;
    expect(Object.keys(complete.headers).filter((name) => name.startsWith('x-amz-checksum'))).toEqual([]);
    expect(complete.body.toString()).not.toContain('Checksum');
  });

  it('is there when the answer to its completion was lost', async () => {
    const composed = `"${createHash('md5')
      .update(
        Buffer.concat(
          [0, 1, 2].map((index) =>
            createHash('md5')
              .update(body.subarray(index * PART, (index + 1) * PART))
              .digest(),
          ),
        ),
      )
      .digest('hex')}-3"`;
    const stage = prepare(body, {
      override: (_request, operation, count) => {
        if (operation === 'head') return { headers: { etag: composed } };
        if (operation !== 'complete') return undefined;
        return count === 1 ? networkFault('ECONNRESET') : errorResponse(404, 'NoSuchUpload');
      },
    });
    expect(await stage.run()).toMatchObject({ etag: composed });
  });

  it('sends its other parts no further, and is aborted, when one fails for good', async () => {
    const large = Buffer.alloc(100 * PART);
    const stage = prepare(large, {
      override: (_request, operation) => (operation === 'part 2' ? errorResponse(403, 'AccessDenied') : undefined),
    });
    await expect(stage.run()).rejects.toMatchObject({ code: 'access_denied' });
    expect(stage.operations.length).toBeLessThan(30);
    expect(stage.operations.at(-1)).toBe('abort');
    expect(stage.saved).toEqual(['new', null]);
  });

  it('stays remembered when it cannot be aborted, with a warning', async () => {
    const stage = prepare(body, {
      override: (_request, operation) =>
        operation === 'part 2' || operation === 'abort' ? errorResponse(403, 'AccessDenied') : undefined,
    });
    await expect(stage.run()).rejects.toMatchObject({ code: 'access_denied' });
    expect(stage.saved).toEqual(['new']);
    expect(stage.events).toContainEqual(expect.objectContaining({ kind: 'warning', reason: 'upload_not_aborted' }));
  });

  it.each(['source_changed', 'rejected'] as const)(
    'is aborted after %s also where it could be resumed',
    async (code) => {
      const stage = prepare(body, {
        resume: resumable,
        source: {
          readAt: async () => await Promise.resolve(),
          confirm: () => {
            throw new BreakwaterError(code, code);
          },
        },
      });
      await expect(stage.run()).rejects.toMatchObject({ code });
      expect(stage.operations.at(-1)).toBe('abort');
    },
  );

  it('keeps its parts where it can be resumed, and says how', async () => {
    const stage = prepare(body, {
      resume: resumable,
      override: (_request, operation) => (operation === 'part 3' ? errorResponse(500, 'InternalError') : undefined),
    });
    await expect(stage.run()).rejects.toMatchObject({
      code: 'unavailable',
      details: { hint: '80 % of it is stored: run the same command again to resume', attempts: 4 },
    });
    expect(stage.operations).not.toContain('abort');
    expect(stage.saved).toEqual(['new']);
  });

  it('ends when the run that it belongs to does', async () => {
    const run = new AbortController();
    const stage = prepare(body, {
      signal: run.signal,
      override: (_request, operation) => {
        if (operation === 'part 1') run.abort(new BreakwaterError('circuit_open', 'it is open'));
        return undefined;
      },
    });
    await expect(stage.run()).rejects.toMatchObject({ code: 'circuit_open' });
    expect(stage.operations).not.toContain('complete');
  });
});

describe('an upload that was begun', () => {
  const begun: UploadResumePoint = { ...resumable, resumableId: 'old' };

  it('sends only the parts that are not stored with the very bytes of the file', async () => {
    const stage = prepare(body, { resume: begun });
    stage.parts.set(1, body.subarray(0, PART));
    stage.parts.set(2, Buffer.alloc(PART, 'another'));
    stage.parts.set(3, Buffer.from('short'));
    expect(await stage.run()).toMatchObject({ bytes: body.length, resumedBytes: PART });
    // Two at a time: which of them goes out first is of no interest.
    expect(stage.operations.toSorted()).toEqual(['complete', 'list', 'part 2', 'part 3']);
    expect(Buffer.concat([1, 2, 3].map((number) => stage.parts.get(number)!)).equals(body)).toBe(true);
    expect(stage.requests.at(-1)?.query['uploadId']).toBe('old');
  });

  it('is begun anew where the store knows it no more', async () => {
    const stage = prepare(body, {
      resume: begun,
      override: (_request, operation) => (operation === 'list' ? errorResponse(404, 'NoSuchUpload') : undefined),
    });
    expect(await stage.run()).toMatchObject({ resumedBytes: 0 });
    expect(stage.operations).toEqual(['list', 'create', 'part 1', 'part 2', 'part 3', 'complete']);
    expect(stage.saved).toEqual(['new', null]);
  });

  it('is aborted before a new one begins where it is of no use any more', async () => {
    const forgotten: string[] = [];
    const stale = [{ uploadId: 'old', forget: async () => await Promise.resolve(void forgotten.push('old')) }];
    const stage = prepare(body, { resume: { ...resumable, stale } });
    await stage.run();
    expect(stage.operations.slice(0, 2)).toEqual(['abort', 'create']);
    expect(forgotten).toEqual(['old']);
    expect(stage.requests[0]?.query['uploadId']).toBe('old');
  });
});
