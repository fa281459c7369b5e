/**
 * Met: behind a gateway that knows no HEAD (405, 501), a large `get` that had been interrupted ended with 76 in every further
 *   run, while `--no-resume` worked.
 * Cause: only a denied HEAD (403) meant that the object may be read without one.
 * Fix: one rule says when a store refuses a HEAD, and everything that can do without asks it.
 */
import { expect, it } from 'vitest';
import { isHeadRefused } from '../../src/s3/protocol/head-object.ts';
import { errorResponse } from '../support/fake-s3.ts';
import { FakeFile, md5, OBJECT, prepare, responseOf } from '../support/fake-download.ts';

const begun = { etag: md5(OBJECT), sizeBytes: 20, covered: [{ start: 0, end: 4 }] };

it.each([403, 405, 501])('fetches everything anew where a HEAD is answered with %i', async (status) => {
  const file = new FakeFile();
  file.bytes = Buffer.from(OBJECT);
  const { run, requests } = prepare(
    (request) => (request.method === 'HEAD' ? errorResponse(status, 'X') : responseOf(request)),
    file,
    { resume: begun },
  );
  expect(await run()).toMatchObject({ bytes: 20, resumedBytes: 0 });
  expect(file.bytes).toEqual(OBJECT);
  expect(requests.filter(({ method }) => method === 'HEAD')).toHaveLength(1);
});

it.each([
  [403, true],
  [405, true],
  [501, true],
  [408, false],
  [429, false],
  [500, false],
  [503, false],
])('HEAD with status %i: refused %j', (httpStatusCode, expected) => {
  expect(isHeadRefused(Object.assign(new Error('x'), { $metadata: { httpStatusCode } }))).toBe(expected);
});

it('does not take a broken connection for a refusal', () => {
  expect(isHeadRefused(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))).toBe(false);
});
