/**
 * Met: an object in an archive class ended with 77 and advice about credentials.
 * Cause: its 403 InvalidObjectState went by the status alone.
 * Fix: it is 76, and the message names the storage class and says that the object has to be restored. A HEAD tells which
 *   class, and whether a restore has begun, also where the 403 has no code.
 */
import { expect, it } from 'vitest';
import { FakeFile, prepare } from '../support/fake-download.ts';
import { errorResponse, type FakeResponse } from '../support/fake-s3.ts';

const HEAD = { 'content-length': '5', etag: '"e"' };
const archived = (inside = ''): FakeResponse => {
  const body = `<Error><Code>InvalidObjectState</Code><Message>not valid for the storage class</Message>${inside}</Error>`;
  return { ...errorResponse(403, 'InvalidObjectState'), body };
};
const refused = (): FakeResponse => ({ status: 403, body: '' });

it.each([
  ['whose class the error names', archived('<StorageClass>GLACIER</StorageClass>'), { status: 403 }, 'GLACIER'],
  [
    'whose class HEAD names',
    archived(),
    { headers: { ...HEAD, 'x-amz-storage-class': 'DEEP_ARCHIVE' } },
    'DEEP_ARCHIVE',
  ],
  ['without a class', archived(), { status: 404 }, 'archived: it has to be restored first'],
  ['refused without a code', refused(), { headers: { ...HEAD, 'x-amz-storage-class': 'GLACIER' } }, 'GLACIER'],
  [
    'of Intelligent-Tiering',
    archived(),
    { headers: { ...HEAD, 'x-amz-storage-class': 'INTELLIGENT_TIERING', 'x-amz-archive-status': 'ARCHIVE_ACCESS' } },
    'ARCHIVE_ACCESS',
  ],
  [
    'that is being restored',
    archived(),
    { headers: { ...HEAD, 'x-amz-storage-class': 'GLACIER', 'x-amz-restore': 'ongoing-request="true"' } },
    'its restore is under way',
  ],
] satisfies [string, FakeResponse, FakeResponse, string][])('names an object %s', async (_what, get, head, says) => {
  const { run, requests, opened } = prepare(({ method }) => (method === 'HEAD' ? head : get), new FakeFile());
  await expect(run()).rejects.toMatchObject({
    code: 'rejected',
    message: expect.stringContaining(says),
    details: { httpStatus: 403, hint: expect.stringContaining('restore') },
  });
  expect(requests).toHaveLength(2);
  expect(opened).toEqual([]);
});

it('leaves a 403 about a restored or ordinary object to the credentials', async () => {
  for (const headers of [
    HEAD,
    { ...HEAD, 'x-amz-storage-class': 'GLACIER', 'x-amz-restore': 'ongoing-request="false"' },
  ]) {
    const { run } = prepare(({ method }) => (method === 'HEAD' ? { headers } : refused()), new FakeFile());
    await expect(run()).rejects.toMatchObject({ code: 'access_denied' });
  }
});

it('asks nothing more about a named refusal', async () => {
  const { run, requests } = prepare(() => errorResponse(403, 'AccessDenied'), new FakeFile());
  await expect(run()).rejects.toMatchObject({ code: 'access_denied' });
  expect(requests).toHaveLength(1);
});
