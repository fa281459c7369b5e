/**
 * Met: behind a login page, keys that are deleted one by one and uploads that are aborted counted as done, and were all
 *   still there. A key that a store lists and then does not know (NoSuchKey) counted as deleted, too.
 * Cause: any 2xx was taken for S3's 204; and a missing key for one that is gone, whatever name the store had listed.
 * Fix: only a 204 is a deletion. A page with another 2xx is no answer of S3; an empty one, and a key that is not found, is
 *   settled by a look (an abort by a second listing).
 */
import { expect, it } from 'vitest';
import { abortUpload } from '../../src/s3/delete/abort-upload.ts';
import { discardUpload } from '../../src/s3/upload/discard-upload.ts';
import { deletedResponse, ETAG, prepare } from '../support/fake-deletes.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { createFakeS3, errorResponse, runWithS3, type FakeResponse } from '../support/fake-s3.ts';

const LOGIN: FakeResponse = { headers: { 'content-type': 'text/html' }, body: '<html>please log in</html>' };
const XML: FakeResponse = { headers: { 'content-length': '9' }, body: '<Result/>' };
const UPLOAD = { bucket: 'b', key: 'k', uploadId: 'u' };

/** A store without DeleteObjects, or one with, whose responses to a single deletion are these. */
function prepareSingle(answer: FakeResponse, { isThere, hasBatch }: { isThere: boolean; hasBatch: boolean }) {
  return prepare(
    (asked, _number, { method }) => {
      if (method === 'DELETE') return answer;
      if (method === 'POST') return hasBatch ? deletedResponse(asked) : errorResponse(501, 'NotImplemented');
      if (isThere) return { headers: { etag: ETAG } };
      return method === 'HEAD' ? { status: 404 } : errorResponse(404, 'NoSuchKey');
    },
    { isTried: hasBatch },
  );
}

it.each([
  ['a login page', LOGIN],
  ['an empty 200', {}],
  ['an empty 202', { status: 202 }],
  ['a 206', { status: 206 }],
  ['NoSuchKey', errorResponse(404, 'NoSuchKey')],
])('takes %s in response to a single deletion for one only if the key is gone', async (_what, answer) => {
  for (const hasBatch of [false, true]) {
    const kept = await prepareSingle(answer, { isThere: true, hasBatch }).run('a\u0001');
    expect(kept).toMatchObject({ deleted: [], stayed: [expect.stringMatching(/^a/)] });
    expect(await prepareSingle(answer, { isThere: false, hasBatch }).run('a\u0001')).toMatchObject({ stayed: [] });
  }
});

it('leaves a key that a batch does not find, and a look does', async () => {
  const { run } = prepare((asked, _number, { method }) =>
    method === 'HEAD'
      ? { headers: { etag: ETAG } }
      : deletedResponse(asked, ({ key }) => (key === 'a' ? 'NoSuchKey' : null)),
  );
  expect(await run('a', 'b')).toMatchObject({ deleted: ['b'], stayed: ['a NoSuchKey'], error: null });
});

it.each([
  ['a login page', LOGIN, 'unavailable'],
  ['another document', XML, 'unavailable'],
  ['an empty 200', {}, 'unconfirmed'],
  ['an empty 202', { status: 202 }, 'unconfirmed'],
  ['a 204', { status: 204 }, 'aborted'],
])('never takes %s for an abort unless it is a 204', async (_what, answer, end) => {
  const { s3 } = createFakeS3(() => answer);
  const { guard, clock } = createFakeGuard();
  const ended = await runWithS3(
    clock,
    abortUpload(s3, guard, UPLOAD).catch((error: unknown) => error),
  );
  if (end === 'unavailable') expect(ended).toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
  else expect(ended).toBe(end);
});

it.each([LOGIN, {}])('warns that parts may remain where the clean-up of an upload is answered so', async (answer) => {
  const { s3 } = createFakeS3(() => answer);
  const { guard, clock, events } = createFakeGuard();
  expect(await runWithS3(clock, discardUpload(s3, guard, UPLOAD))).toBe(false);
  expect(events).toContainEqual(expect.objectContaining({ kind: 'warning', reason: 'upload_not_aborted' }));
});
