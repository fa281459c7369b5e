import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { RequestWatch } from '../../../../src/http/request-watch.ts';
import { createFakeS3 } from '../../../support/fake-s3.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const OBJECT = { Bucket: 'b', Key: 'k' };
const OPTIONS = {
  abortSignal: new AbortController().signal,
  watch: new RequestWatch(new VirtualClock(), { requestTimeoutMs: 1000, stallTimeoutMs: 1000 }),
};

/** The results of the three requests through one of the two clients, and what each sent. */
async function sendAll(isFast: boolean) {
  const got = { headers: { etag: '"e"', 'content-length': '5', 'x-amz-meta-mtime': '7' }, body: 'bytes' };
  const stored = { headers: { etag: '"e"', 'x-amz-version-id': 'v' } };
  const { s3, requests } = createFakeS3(({ method }) => (method === 'GET' ? got : stored), 'http://fake', isFast);
  const { head, body } = await s3.getObject(OBJECT, OPTIONS);
  const content = body instanceof Readable ? (await buffer(body)).toString() : null;
  const put = await s3.putObject({ ...OBJECT, Body: Buffer.from('put') }, OPTIONS);
  const part = await s3.uploadPart({ ...OBJECT, UploadId: 'u', PartNumber: 1, Body: Buffer.from('part') }, OPTIONS);
  return {
    got: [head.ETag, head.ContentLength, head.Metadata, content],
    stored: [put, part].map(({ ETag, VersionId }) => [ETag, VersionId]),
    sent: requests.map((request) => [request.method, request.path, request.query, request.body.toString()]),
  };
}

describe('the two clients', () => {
  it('send the same requests and return the same responses, through the SDK and on the fast path', async () => {
    const fast = await sendAll(true);
    expect(fast.got).toEqual(['"e"', 5, { mtime: '7' }, 'bytes']);
    expect(await sendAll(false)).toEqual(fast);
  });
});
