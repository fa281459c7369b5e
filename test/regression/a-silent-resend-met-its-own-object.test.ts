/**
 * Met: `put --if-none-match` of a small file ended with 73 (`exists`) for the object that it had just stored itself.
 * Cause: the store had stored it, and the kept connection ended before the response. Such a request is sent once more at
 *   once, within the same attempt, and met its own object (412). Only a 412 after a retry was looked into.
 * Fix: both ways of sending report that a request was sent again (src/http/request-watch.ts), and a 412 after that is
 *   decided by a HEAD, as after a retry (src/s3/upload/put-object.ts). A 412 to a request that was sent once is the
 *   other writer's, even with the same bytes: two runs that create a lock must not both succeed.
 */
import { describe, expect, it } from 'vitest';
import { computeChecksum } from '../../src/sandbox/protocol/checksum.ts';
import { AGENTS, createHttpStage, OK } from '../support/raw-server.ts';
import { errorResponse } from '../support/fake-s3.ts';
import { md5, prepare } from '../support/fake-upload.ts';

describe.each(AGENTS)('a request on a kept connection that ends before the response (%s)', (agent) => {
  it('is known to have been sent again', async () => {
    await using stage = await createHttpStage(
      { serve: (socket, { number }) => void (number === 1 ? socket.write(OK) : socket.end()) },
      { agent },
    );
    expect(await stage.ask('PUT', { body: 'x' })).toMatchObject({ status: 200, wasSentAgain: false });
    expect(await stage.ask('PUT', { body: 'x' })).toMatchObject({ status: 200, wasSentAgain: true });
  });
});

interface StoreHeld {
  readonly etag: string;
  readonly isSentAgain: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the HEAD after the 412. */
  readonly status?: number;
}

/** A store that holds an object with this ETag when the PUT arrives, perhaps the same PUT's. */
const store = ({ etag, isSentAgain, headers = {}, status = 200 }: StoreHeld) =>
  prepare(Buffer.from('ours'), {
    ifNoneMatch: true,
    override: ({ watch }, operation, count) => {
      if (operation === 'head') return count === 1 ? { status: 404 } : { status, headers: { etag, ...headers } };
      if (isSentAgain) watch?.noteSentAgain();
      return errorResponse(412, 'PreconditionFailed');
    },
  });

it.each([`"${md5('ours')}"`, md5('ours'), `"${md5('ours').toUpperCase()}"`])(
  'has stored the object whose ETag is %s',
  async (etag) => {
    const stage = store({ etag, isSentAgain: true });
    expect(await stage.run()).toMatchObject({ bytes: 4 });
    expect(stage.operations).toEqual(['head', 'put', 'head']);
  },
);

it('does not take the object of another writer for its own', async () => {
  const stage = store({ etag: `"${md5('theirs')}"`, isSentAgain: true });
  await expect(stage.run()).rejects.toMatchObject({ code: 'exists' });
});

it('leaves an equal object to the writer who was first', async () => {
  const stage = store({ etag: `"${md5('ours')}"`, isSentAgain: false });
  await expect(stage.run()).rejects.toMatchObject({ code: 'exists' });
  expect(stage.operations).toEqual(['head', 'put']);
});

describe('the object under a key, whose ETag is no MD5,', () => {
  const keyed = (text: string) => ({
    'content-length': String(text.length),
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-checksum-crc32': computeChecksum('crc32', Buffer.from(text)),
  });

  it('is ours by its checksum', async () => {
    const stage = store({ etag: '"opaque"', isSentAgain: true, headers: keyed('ours') });
    expect(await stage.run()).toMatchObject({ etag: '"opaque"' });
  });

  it('is not ours if the checksum is another', async () => {
    const stage = store({ etag: '"opaque"', isSentAgain: true, headers: keyed('else') });
    await expect(stage.run()).rejects.toMatchObject({ code: 'exists' });
  });
});

it('is `exists` where the object may not be read', async () => {
  const stage = store({ etag: '"opaque"', isSentAgain: true, status: 403 });
  await expect(stage.run()).rejects.toMatchObject({ code: 'exists' });
});
