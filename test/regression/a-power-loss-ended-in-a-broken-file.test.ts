/**
 * Met: a `get` that resumed after a power loss ended with status 0 and zeros in the file.
 * Cause: the bytes of the earlier run were taken for stored, and the object had nothing to check them by; where it had,
 *   the expected checksum came from the local state.
 * Fix: a resume asks S3 for a checksum of the whole object, begins anew without one, and fetches everything again if
 *   the check ends without a verdict.
 */
import { expect, it } from 'vitest';
import { FakeFile, md5, OBJECT, prepare, responseOf } from '../support/fake-download.ts';

it.each([
  ['an object that is encrypted with a KMS key', { 'x-amz-server-side-encryption': 'aws:kms' }],
  ['an ETag that is no digest', { etag: '"0"' }],
  ['the ETag of an upload in parts that is made otherwise', { etag: `"${'0'.repeat(32)}-2"` }],
])('fetches everything anew: %s', async (_what, headers: Record<string, string>) => {
  const file = new FakeFile();
  file.bytes = Buffer.from('0\0\0\0----------------');
  const { etag = md5(OBJECT) } = headers;
  const resume = { etag, sizeBytes: 20, covered: [{ start: 0, end: 4 }] };
  const { run } = prepare((request) => responseOf(request, { headers }), file, { resume });
  expect(await run()).toMatchObject({ bytes: 20, resumedBytes: 0 });
  expect(file.bytes).toEqual(OBJECT);
});
