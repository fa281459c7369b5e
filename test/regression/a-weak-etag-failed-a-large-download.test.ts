/**
 * Met: a large object behind a proxy that makes ETags weak ended with 65, replaced meanwhile, though nobody had touched it.
 * Cause: its pieces were requested with If-Match and the weak ETag, which never matches (RFC 9110, 13.1.1).
 * Fix: a weak ETag is no condition. Each response must repeat it, and also the size and the time of the object.
 */
import { describe, expect, it } from 'vitest';
import { FakeFile, OBJECT, prepare, responseOf } from '../support/fake-download.ts';
import { errorResponse, type FakeRequest, type FakeResponse } from '../support/fake-s3.ts';

const WEAK = { etag: 'W/"abc"', 'last-modified': 'Wed, 01 Jan 2025 00:00:00 GMT' };
const pieces = { pieceBytes: 6, piecesInFlight: 2 };

function respond(request: FakeRequest, headers: Record<string, string> = {}): FakeResponse {
  if (request.headers['if-match'] !== undefined) return errorResponse(412, 'PreconditionFailed');
  return responseOf(request, { headers: { ...WEAK, ...headers } });
}

it('fetches an object with a weak ETag in pieces', async () => {
  const file = new FakeFile();
  const { run } = prepare((request) => respond(request), file, pieces);
  expect(await run()).toMatchObject({ bytes: 20, verifiedBy: null });
  expect(file.bytes).toEqual(OBJECT);
});

describe('ends as object_changed', () => {
  it.each([
    ['another weak ETag', { etag: 'W/"other"' }],
    ['a strong ETag', { etag: '"abc"' }],
    ['another time', { 'last-modified': 'Wed, 01 Jan 2025 00:00:01 GMT' }],
    ['another size', { 'content-range': 'bytes 6-11/21' }],
  ])('when a piece has %s', async (_what, headers) => {
    const { run } = prepare(
      (request) => respond(request, request.headers['range'] === 'bytes=6-11' ? headers : {}),
      new FakeFile(),
      pieces,
    );
    await expect(run()).rejects.toMatchObject({ code: 'object_changed' });
  });
});

it('asks for the parts of such an object without a condition', async () => {
  const etag = `W/"${'0'.repeat(32)}-2"`;
  const { run, requests } = prepare(
    (request) => {
      const sums = {
        'x-amz-checksum-sha256': `${Buffer.alloc(32).toString('base64')}-2`,
        'x-amz-checksum-type': 'COMPOSITE',
      };
      return respond(request, { etag, ...sums });
    },
    new FakeFile(),
    pieces,
  );
  await run();
  expect(requests.filter(({ method }) => method === 'HEAD')).not.toHaveLength(0);
  expect(requests.every(({ headers }) => headers['if-match'] === undefined)).toBe(true);
});
