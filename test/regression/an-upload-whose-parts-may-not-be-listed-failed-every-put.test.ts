/**
 * Met: after a killed `put` of a large file, every further run of the same command ended with 77 (`access_denied`), with
 *   credentials that may send and complete uploads but lack `s3:ListMultipartUploadParts`; on a store that cannot list
 *   parts (501, 405), the next run failed with 76.
 * Cause: a resume lists the parts that S3 has, and a refusal of that listing counted as one of the upload.
 * Fix: an upload whose parts S3 does not list is aborted, and a new one begins in the same run. What S3 says of the
 *   credentials themselves still ends the run, and keeps the parts.
 */
import { expect, it } from 'vitest';
import { NOTHING_TO_RESUME } from '../../src/s3/upload/upload-request.ts';
import { errorResponse } from '../support/fake-s3.ts';
import { body, prepare } from '../support/fake-upload.ts';

const resumed = { ...NOTHING_TO_RESUME, isResumable: true, resumableId: 'old' };
const NEW = ['create', 'part 1', 'part 2', 'part 3', 'complete'];

it.each([
  [403, 'AccessDenied'],
  [501, 'NotImplemented'],
  [405, 'MethodNotAllowed'],
])('begins anew after %i %s for the parts of the earlier upload', async (status, code) => {
  const stage = prepare(body, {
    resume: resumed,
    override: (_request, operation) => (operation === 'list' ? errorResponse(status, code) : undefined),
  });
  expect(await stage.run()).toMatchObject({ bytes: body.length, resumedBytes: 0 });
  expect(stage.operations).toEqual(['list', 'abort', ...NEW]);
  expect(stage.saved).toEqual(['new', null]);
});

it('stores the object even if the earlier upload may not be aborted either', async () => {
  const stage = prepare(body, {
    resume: resumed,
    override: ({ query }, operation) =>
      operation === 'list' || (operation === 'abort' && query['uploadId'] === 'old')
        ? errorResponse(403, 'AccessDenied')
        : undefined,
  });
  expect(await stage.run()).toMatchObject({ bytes: body.length, resumedBytes: 0 });
  expect(stage.events).toContainEqual(expect.objectContaining({ kind: 'warning', reason: 'upload_not_aborted' }));
});

it.each([
  [400, 'ExpiredToken', 'access_denied'],
  [403, 'SignatureDoesNotMatch', 'access_denied'],
  [503, 'SlowDown', 'unavailable'],
])('keeps the earlier upload after %i %s', async (status, s3Code, code) => {
  const stage = prepare(body, {
    resume: resumed,
    override: (_request, operation) => (operation === 'list' ? errorResponse(status, s3Code) : undefined),
  });
  await expect(stage.run()).rejects.toMatchObject({ code, details: { s3Code } });
  expect(new Set(stage.operations)).toEqual(new Set(['list']));
  expect(stage.saved).toEqual([]);
});
