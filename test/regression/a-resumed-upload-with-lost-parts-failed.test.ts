/**
 * Met: a store had lost parts of an interrupted upload that it still listed. The next `put` ended with 76 (`InvalidPart`);
 *   only the run after it sent the file. After `BadDigest` instead, every further run resumed the same parts and failed.
 * Cause: a resumed upload began anew only if it was gone.
 * Fix: it also begins anew, once, in the same run, if S3 does not make an object of its parts
 *   (src/s3/upload/upload-file.ts). The useless upload is aborted first.
 */
import { expect, it } from 'vitest';
import { NOTHING_TO_RESUME } from '../../src/s3/upload/upload-request.ts';
import { errorResponse } from '../support/fake-s3.ts';
import { body, prepare, type Override } from '../support/fake-upload.ts';

const resumed = { ...NOTHING_TO_RESUME, isResumable: true, resumableId: 'old' };
const PARTS = ['part 1', 'part 2', 'part 3'];
const NEW = ['create', ...PARTS, 'complete'];
const REFUSALS = ['InvalidPart', 'InvalidPartOrder', 'EntityTooSmall', 'BadDigest'];

/** Refuses to complete the uploads with these ids. */
const refuse =
  (code: string, ids: readonly string[]): Override =>
  ({ query }, operation) =>
    operation === 'complete' && ids.includes(String(query['uploadId'])) ? errorResponse(400, code) : undefined;

it.each(REFUSALS)('begins anew in the same run after %s', async (code) => {
  const stage = prepare(body, { resume: resumed, override: refuse(code, ['old']) });
  expect(await stage.run()).toMatchObject({ bytes: body.length, resumedBytes: 0 });
  expect(stage.operations.slice(-NEW.length - 1)).toEqual(['abort', ...NEW]);
  expect(stage.requests.findLast(({ method }) => method === 'DELETE')?.query).toMatchObject({ uploadId: 'old' });
  expect(stage.saved).toEqual(['new', null]);
  // The bytes of the first try are taken back.
  const moved = stage.events.reduce((sum, event) => sum + (event.kind === 'bytes_moved' ? event.bytes : 0), 0);
  expect(moved).toBe(body.length);
});

it('begins anew only once', async () => {
  const stage = prepare(body, { resume: resumed, override: refuse('InvalidPart', ['old', 'new']) });
  await expect(stage.run()).rejects.toMatchObject({ code: 'rejected', details: { s3Code: 'InvalidPart' } });
  expect(stage.operations.filter((name) => name === 'create')).toHaveLength(1);
  expect(stage.operations.filter((name) => name === 'abort')).toHaveLength(2);
});

it('names what is left of an upload that it cannot abort', async () => {
  const stage = prepare(body, {
    resume: resumed,
    override: (request, operation, count) =>
      operation === 'abort' ? { status: 403 } : refuse('InvalidPart', ['old'])(request, operation, count),
  });
  expect(await stage.run()).toMatchObject({ bytes: body.length });
  expect(stage.events).toContainEqual(expect.objectContaining({ kind: 'warning', reason: 'upload_not_aborted' }));
});

it('keeps the upload if only a part is refused as damaged', async () => {
  const stage = prepare(body, {
    resume: resumed,
    override: (_request, operation) => (operation === 'part 2' ? errorResponse(400, 'BadDigest') : undefined),
  });
  await expect(stage.run()).rejects.toMatchObject({ details: { s3Code: 'BadDigest' } });
  expect(stage.operations).not.toContain('create');
});
