/**
 * Met: on Ceph a large `put` failed with 66 (`not_found`) in every run, after its interrupted upload had been aborted by a
 *   lifecycle rule.
 * Cause: only `NoSuchUpload` meant that an upload is gone. Ceph 16 responds to ListParts with `NoSuchKey`, and to Complete
 *   with 500 InternalError, which was retried as an outage.
 * Fix: both codes count for every request of an upload in parts, and a Complete with status 500 asks for its parts. A
 *   resumed upload that is gone begins anew at once, wherever that is found out.
 */
import { expect, it } from 'vitest';
import { composeEtag } from '../../src/s3/checksum/etag.ts';
import { NOTHING_TO_RESUME } from '../../src/s3/upload/upload-request.ts';
import { errorResponse, type FakeResponse } from '../support/fake-s3.ts';
import { body, md5, PART, prepare } from '../support/fake-upload.ts';

const resumed = { ...NOTHING_TO_RESUME, isResumable: true, resumableId: 'old' };
const NEW = ['create', 'part 1', 'part 2', 'part 3', 'complete'];
const PARTS = ['part 1', 'part 2', 'part 3'];
const gone = (code: string): FakeResponse => errorResponse(404, code);

it.each(['NoSuchUpload', 'NoSuchKey'])('begins anew after %s for the parts of the earlier upload', async (code) => {
  const stage = prepare(body, {
    resume: resumed,
    override: (_request, operation) => (operation === 'list' ? gone(code) : undefined),
  });
  expect(await stage.run()).toMatchObject({ bytes: body.length, resumedBytes: 0 });
  expect(stage.operations).toEqual(['list', ...NEW]);
  expect(stage.saved).toEqual(['new', null]);
});

it('begins anew where only a part finds out', async () => {
  const stage = prepare(body, {
    resume: resumed,
    override: ({ query }, operation) =>
      operation === 'part 1' && query['uploadId'] === 'old' ? gone('NoSuchUpload') : undefined,
  });
  expect(await stage.run()).toMatchObject({ bytes: body.length, resumedBytes: 0 });
  expect(stage.operations.slice(-NEW.length)).toEqual(NEW);
  expect(stage.operations).not.toContain('abort');
});

it('begins anew where only the Complete finds out, with 500', async () => {
  const stage = prepare(body, {
    resume: resumed,
    override: ({ query }, operation, count) => {
      if (operation === 'complete' && query['uploadId'] === 'old') return errorResponse(500, 'InternalError');
      if (operation === 'list' && count > 1) return gone('NoSuchKey');
      return operation === 'head' ? { status: 404 } : undefined;
    },
  });
  expect(await stage.run()).toMatchObject({ bytes: body.length, resumedBytes: 0 });
  expect(stage.operations).toEqual(['list', ...PARTS, 'complete', 'list', 'head', ...NEW]);
  // The bytes of the first try are taken back.
  const moved = stage.events.reduce((sum, event) => sum + (event.kind === 'bytes_moved' ? event.bytes : 0), 0);
  expect(moved).toBe(body.length);
});

it('begins anew only once, and names the cause', async () => {
  const stage = prepare(body, {
    resume: resumed,
    override: (_request, operation) => (operation === 'part 2' ? gone('NoSuchKey') : undefined),
  });
  await expect(stage.run()).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'upload_aborted' } });
  expect(stage.operations.filter((name) => name === 'create')).toHaveLength(1);
  expect(stage.saved).toEqual(['new', null]);
});

const etags = [0, PART, 2 * PART].map((at) => md5(body.subarray(at, at + PART)));

it.each([
  ['is stored if the object is ours', { headers: { etag: composeEtag(etags) ?? '' } }, 'stored'],
  ['is an aborted upload if the object is another', { headers: { etag: '"other"' } }, 'upload_aborted'],
  ['is an aborted upload if the object may not be read', { status: 403 }, 'upload_aborted'],
])('a Complete with 500 whose upload is gone %s', async (_what, head, expected) => {
  const stage = prepare(body, {
    override: (_request, operation) => {
      if (operation === 'complete') return errorResponse(500, 'InternalError');
      if (operation === 'list') return gone('NoSuchKey');
      return operation === 'head' ? head : undefined;
    },
  });
  const outcome = await stage.run().then(
    () => 'stored',
    (error: unknown) => (error as { details: { reason?: string } }).details.reason,
  );
  expect([outcome, stage.operations]).toEqual([expected, [...NEW, 'list', 'head']]);
});

it('a Complete with 500 whose upload is there is sent again', async () => {
  const stage = prepare(body, {
    override: (_request, operation, count) =>
      operation === 'complete' && count === 1 ? errorResponse(500, 'InternalError') : undefined,
  });
  await stage.run();
  expect(stage.operations).toEqual([...NEW, 'list', 'complete']);
});
