/**
 * Met: `get --range` through a proxy that compresses some responses ended with status 0 and a file that began with compressed
 *   bytes and ended with plain ones. So could the parts of a large object without a checksum.
 * Cause: the proxy leaves `Content-Range` as it was and takes away the length; the compressed bytes were fewer than the range
 *   names, so the rest was asked for, as after a cut; or they were more, and the rest was ignored.
 * Fix: a part with an encoding and without a length is used only if a HEAD shows that the object is stored with that encoding.
 */
import { expect, it } from 'vitest';
import { body, FakeFile, md5, OBJECT, prepare, responseOf } from '../support/fake-download.ts';
import type { FakeRequest, FakeResponse } from '../support/fake-s3.ts';

const ASKED = { kind: 'from', first: 2, last: 11 } as const;

/** The response in chunks, its bytes replaced by some that a proxy made of them. */
function encode(request: FakeRequest, bytes: Uint8Array): FakeResponse {
  const { headers = {}, ...response } = responseOf(request);
  const { 'content-length': _length, ...others } = headers;
  return { ...response, headers: { ...others, 'content-encoding': 'gzip' }, body: body(bytes) };
}

it.each([
  ['fewer', 4],
  ['more', 15],
  ['as many', 10],
])('fetches a range again that came compressed, with %s bytes', async (_what, length) => {
  const file = new FakeFile();
  let gets = 0;
  const respond = (request: FakeRequest): FakeResponse => {
    if (request.method === 'GET') gets += 1;
    return request.method === 'GET' && gets === 1 ? encode(request, Buffer.alloc(length, '#')) : responseOf(request);
  };
  const { run, requests } = prepare(respond, file, { range: ASKED });
  expect(await run()).toMatchObject({ bytes: 10 });
  expect(file.bytes.toString()).toBe('23456789ab');
  expect(requests.map(({ method }) => method)).toEqual(['GET', 'HEAD', 'GET']);
});

it('takes a range of an object that is stored with this encoding, in chunks too', async () => {
  const file = new FakeFile();
  const stored = { 'content-encoding': 'gzip' };
  const { run, requests } = prepare(
    (request) =>
      request.method === 'HEAD'
        ? { headers: { ...stored, etag: md5(OBJECT), 'content-length': '20' } }
        : encode(request, OBJECT.subarray(2, 12)),
    file,
    { range: ASKED },
  );
  expect(await run()).toMatchObject({ bytes: 10 });
  expect(file.bytes.toString()).toBe('23456789ab');
  expect(requests.map(({ method }) => method)).toEqual(['GET', 'HEAD']);
});

it('asks no HEAD about an encoded range that states its length', async () => {
  const file = new FakeFile();
  const { run, requests } = prepare(
    (request) => responseOf(request, { headers: { 'content-encoding': 'gzip' } }),
    file,
    { range: ASKED },
  );
  expect(await run()).toMatchObject({ bytes: 10 });
  expect(requests.map(({ method }) => method)).toEqual(['GET']);
});
