/**
 * Met: `put - --if-none-match` reported `exists` for the object that it had just stored itself.
 * Cause: when the response to the first attempt was lost, the retry met the condition (412). Uploads of files looked
 *   whether the object is theirs, those of standard input did not.
 * Fix: both send a whole object by the same function, which compares the ETag after a lost response.
 */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { NOTHING_TO_RESUME } from '../../src/s3/upload/upload-request.ts';
import { uploadStream } from '../../src/s3/upload/upload-stream.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { createFakeS3, errorResponse, networkFault, runWithS3 } from '../support/fake-s3.ts';

const md5 = (text: string): string => `"${createHash('md5').update(text).digest('hex')}"`;

/** Sends `ours` from a pipe; the first response is lost, and the key then holds an object with this ETag. */
async function putAfterLostResponse(etag: string) {
  const { s3 } = createFakeS3(({ method }, number) => {
    if (method === 'HEAD') return number === 1 ? { status: 404 } : { headers: { etag } };
    if (number === 2) throw networkFault('ECONNRESET');
    return errorResponse(412, 'PreconditionFailed');
  });
  const { guard, clock } = createFakeGuard();
  const upload = uploadStream(s3, guard, {
    bucket: 'b',
    key: 'k',
    headers: {},
    checksum: 'crc32',
    ifNoneMatch: true,
    partSizeBytes: 5 * 1024 * 1024,
    partsInFlight: 1,
    body: (async function* pipe() {
      yield await Promise.resolve(Buffer.from('ours'));
    })(),
    resume: NOTHING_TO_RESUME,
  });
  return await runWithS3(clock, upload);
}

it('is stored where the object is ours, and `exists` where it is not', async () => {
  expect(await putAfterLostResponse(md5('ours'))).toMatchObject({ etag: md5('ours') });
  await expect(putAfterLostResponse(md5('theirs'))).rejects.toMatchObject({ code: 'exists' });
});
