/**
 * Met: under `--if-none-match` a `put` failed at once when another process was writing the same key.
 * Cause: S3 responds to that with 409 ConditionalRequestConflict and asks for the request to be sent again; it was
 *   taken for a final refusal.
 * Fix: the request is sent again after the waits of a transient failure, outside of the retry chain, so that the
 *   circuit does not count it.
 */
import { describe, expect, it } from 'vitest';
import { errorResponse, networkFault } from '../support/fake-s3.ts';
import { body, md5, prepare, resumable } from '../support/fake-upload.ts';

describe('a conflict under --if-none-match', () => {
  const conflict = errorResponse(409, 'ConditionalRequestConflict');
  const isConflict = ({ kind }: { kind: string }): boolean => kind === 'retry_scheduled';

  it.each([
    ['a file of one part', Buffer.from('x'), 'put'],
    ['a file of several parts', body, 'complete'],
  ])('of %s is sent again until the other is done', async (_what, bytes, operation) => {
    const stage = prepare(bytes, {
      ifNoneMatch: true,
      override: (_request, name, count) => {
        if (name === 'head') return { status: 404 };
        return name === operation && count <= 2 ? conflict : undefined;
      },
    });
    expect(await stage.run()).toMatchObject({ bytes: bytes.length, checksum: 'crc32' });
    expect(stage.operations.filter((name) => name === operation)).toHaveLength(3);
    expect(stage.events.filter(isConflict)).toMatchObject([
      { retry: 1, retries: 3, delayMs: 1000, failure: { code: 'ConditionalRequestConflict' } },
      { retry: 2, retries: 3, delayMs: 2000 },
    ]);
  });

  it.each([
    ['a file of one part', Buffer.from('x'), 'put'],
    ['a file of several parts', body, 'complete'],
  ])('of %s that does not end is unavailable, and says nothing against S3', async (_what, bytes, operation) => {
    const stage = prepare(bytes, {
      ifNoneMatch: true,
      override: (_request, name) => (name === 'head' ? { status: 404 } : name === operation ? conflict : undefined),
    });
    await expect(stage.run()).rejects.toMatchObject({
      code: 'unavailable',
      details: { s3Code: 'ConditionalRequestConflict', httpStatus: 409, attempts: 4 },
    });
    expect(stage.process.verdicts).toEqual(['neutral']);
  });

  it('with an attempt of ours whose answer was lost ends well', async () => {
    const stage = prepare(Buffer.from('x'), {
      ifNoneMatch: true,
      override: (_request, name, count) => {
        if (name === 'head') return count === 1 ? { status: 404 } : { headers: { etag: `"${md5('x')}"` } };
        return [networkFault('ECONNRESET'), conflict, errorResponse(412, 'PreconditionFailed')][count - 1];
      },
    });
    expect(await stage.run()).toMatchObject({ etag: `"${md5('x')}"` });
  });

  it('that another object has won is `exists`', async () => {
    const stage = prepare(Buffer.from('x'), {
      ifNoneMatch: true,
      override: (_request, name, count) => {
        if (name === 'head') return count === 1 ? { status: 404 } : { headers: { etag: `"${md5('y')}"` } };
        return count === 1 ? conflict : errorResponse(412, 'PreconditionFailed');
      },
    });
    await expect(stage.run()).rejects.toMatchObject({ code: 'exists' });
  });

  it('that has ended the upload leaves nothing to go on with, and asks for a new one', async () => {
    const stage = prepare(body, {
      ifNoneMatch: true,
      resume: resumable,
      override: (_request, name, count) => {
        if (name === 'head') return { status: 404 };
        if (name === 'complete') return count === 1 ? conflict : errorResponse(404, 'NoSuchUpload');
        return name === 'abort' ? errorResponse(404, 'NoSuchUpload') : undefined;
      },
    });
    await expect(stage.run()).rejects.toMatchObject({ code: 'unavailable', details: { s3Code: 'NoSuchUpload' } });
    expect(stage.saved).toEqual(['new', null]);
  });
});
