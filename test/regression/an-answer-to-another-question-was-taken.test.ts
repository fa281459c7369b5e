/**
 * Met: `get --range 10-19` ended with 0 and other bytes, or none: a proxy ignored the range, or sent another one.
 * Cause: a response was taken for the one to the request. Its status, range, length and version were not compared.
 * Fix: `checkAnswer` compares them before any byte is used, for both ways to send a GET.
 */
import { describe, expect, it } from 'vitest';
import { body, FakeFile, md5, OBJECT, prepare, responseOf } from '../support/fake-download.ts';
import type { FakeResponse } from '../support/fake-s3.ts';

const range = { kind: 'from', first: 10, last: 14 } as const;
const open = { kind: 'from', first: 10, last: null } as const;
const end = { kind: 'last', bytes: 5 } as const;
const etag = md5(OBJECT);
const part = (contentRange: string, headers: Record<string, string> = {}): FakeResponse => ({
  status: 206,
  headers: { etag, 'content-range': contentRange, ...headers },
  body: 'abcde',
});
const whole = (headers: Record<string, string> = {}): FakeResponse => ({ headers: { etag, ...headers }, body: OBJECT });
const length = { 'content-length': '5' };

describe.each([
  ['past the send of the SDK', true],
  ['through the SDK', false],
])('a request %s', (_way, isFast) => {
  it.each([
    ['a part without its range', range, { ...part(''), headers: { etag, ...length } }],
    ['other bytes', range, part('bytes 0-4/20')],
    ['a reversed range', range, part('bytes 14-10/20')],
    ['fewer bytes', range, part('bytes 10-12/20', { 'content-length': '3' })],
    ['more bytes', range, part('bytes 10-19/20')],
    ['a length that contradicts its range', range, part('bytes 10-14/20', { 'content-length': '4' })],
    ['a range behind the end of the object', range, part('bytes 10-14/12')],
    ['a range in another unit', range, part('items 10-14/20')],
    ['no range at all', range, part('bytes */20')],
    ['a body that goes on', range, { ...part('bytes 10-14/20'), body: body(Buffer.from('abcdefgh')) }],
    ['a part of unknown whole', open, part('bytes 10-14/*')],
    ['a part that may not be the end', end, part('bytes 10-14/*')],
    ['a part before the end', end, part('bytes 10-14/20')],
    ['a part that nobody requested', null, part('bytes 0-19/20')],
    ['status 200 for a part', range, whole({ 'content-range': 'bytes 10-14/20', ...length })],
    ['status 204', null, { status: 204, headers: { etag } }],
    ['status 203', null, { ...whole(), status: 203 }],
    ['status 202', range, { ...whole(), status: 202 }],
    ['no ETag', null, { ...whole(), headers: { 'content-length': '20' } }],
  ])('is not answered by %s', async (_what, asked, response) => {
    const file = new FakeFile();
    const { run, requests } = prepare(() => response, file, { range: asked, isFast });
    await expect(run()).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
    expect(file.bytes.subarray(5)).toHaveLength(0);
    expect(requests).toHaveLength(4);
  });

  it.each([
    ['the range is ignored, and no size stated', range, whole()],
    ['the object ends before it', { ...range, first: 20 }, whole({ 'content-length': '20' })],
    ['the object is empty', end, { headers: { etag, 'content-length': '0' } }],
  ])('for a range is rejected if %s', async (_what, asked, response) => {
    const { run, opened } = prepare(() => response, new FakeFile(), { range: asked, isFast });
    await expect(run()).rejects.toMatchObject({ code: 'rejected' });
    expect(opened).toEqual([]);
  });

  it.each([
    ['a part without the size of the whole', range, part('bytes 10-14/*'), 'abcde'],
    ['a shorter part at the end of the object', { ...range, last: 99 }, part('bytes 10-14/15'), 'abcde'],
    ['all of it', range, whole({ 'content-length': '20' }), 'abcde'],
    ['all of it, with its range', null, whole({ 'content-range': 'bytes 0-19/20', 'content-length': '20' }), null],
  ])('is answered by %s', async (_what, asked, response, expected) => {
    const file = new FakeFile();
    const { run } = prepare(() => response, file, { range: asked, isFast });
    await run();
    expect(file.bytes.toString()).toBe(expected ?? OBJECT.toString());
  });

  it.each([['another-version'], [null]])('for a version is not answered by %s', async (named) => {
    const { run, opened } = prepare(() => whole(named === null ? {} : { 'x-amz-version-id': named }), new FakeFile(), {
      versionId: 'v1',
      isFast,
    });
    await expect(run()).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
    expect(opened).toEqual([]);
  });
});

it('refuses a later piece with another size of the whole', async () => {
  const { run } = prepare(
    (request, number) =>
      number === 1
        ? responseOf(request)
        : { ...responseOf(request), headers: { etag, 'content-range': 'bytes 10-19/21' } },
    new FakeFile(),
    { pieceBytes: 10 },
  );
  await expect(run()).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
});

it('refuses an empty response about an object whose size is known', async () => {
  const resume = { etag, sizeBytes: 20, covered: [{ start: 0, end: 4 }] };
  const { run } = prepare(
    (request) => (request.method === 'HEAD' ? responseOf(request) : { headers: { etag, 'content-length': '0' } }),
    new FakeFile(),
    { resume },
  );
  await expect(run()).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
});

it.each([
  ['with a size', { 'content-length': '4' }],
  ['without one', {}],
])('refuses a shorter object %s in the place of the rest of one whose size is unknown', async (_what, headers) => {
  const { run } = prepare((_request, number) =>
    number === 1
      ? { headers: { etag }, body: body(OBJECT.subarray(0, 8), { fault: 'ECONNRESET' }) }
      : { headers: { etag, ...headers }, body: OBJECT.subarray(0, 4) },
  );
  await expect(run()).rejects.toMatchObject({ code: 'unavailable' });
});
