import { describe, expect, it } from 'vitest';
import { statKeys } from '../../../../src/s3/list/stat-keys.ts';
import { formatHttpTime } from '../../../../src/clock.ts';
import { createFakeGuard } from '../../../support/fake-guard.ts';
import { createFakeS3, errorResponse, runWithS3, type FakeResponse, type Respond } from '../../../support/fake-s3.ts';

const STORE_NOW_MS = 1_700_000_000_000;
const FOUND: FakeResponse = {
  headers: {
    'last-modified': formatHttpTime(STORE_NOW_MS - 5000),
    etag: '"e"',
    'content-length': '7',
    date: formatHttpTime(STORE_NOW_MS),
  },
};
const MISSING: FakeResponse = { status: 404 };

function prepare(respond: Respond) {
  const fake = createFakeS3(respond);
  const { guard, clock, events } = createFakeGuard();
  const lookUp = async (keys: readonly string[]) =>
    await runWithS3(clock, statKeys(fake.s3, guard, { bucket: 'b', keys }));
  return { ...fake, events, lookUp };
}

describe('lookUpObjects', () => {
  it('tells of each key what a listing would, and leaves out those that are not there', async () => {
    const { lookUp } = prepare(({ method, path }) => {
      if (path !== '/b/none') return FOUND;
      return method === 'HEAD' ? MISSING : errorResponse(404, 'NoSuchKey');
    });
    expect(await lookUp(['a', 'none', 'c'])).toEqual({
      objects: ['a', 'c'].map((key) => ({ key, sizeBytes: 7, lastModifiedMs: STORE_NOW_MS - 5000, etag: '"e"' })),
      storeNowMs: STORE_NOW_MS,
    });
  });

  it('is one operation, whatever the number of keys', async () => {
    const { lookUp, events, requests } = prepare(() => FOUND);
    await lookUp(Array.from({ length: 40 }, (_, index) => `k${index}`));
    expect(requests).toHaveLength(40);
    expect(events.filter(({ kind }) => kind === 'operation_finished')).toMatchObject([
      { operation: 'list_objects', result: 'success' },
    ]);
  });

  it('tries a key again that fails, alone', async () => {
    const { lookUp, requests } = prepare((_request, number) => (number === 1 ? { status: 503 } : FOUND));
    expect((await lookUp(['a', 'b'])).objects).toHaveLength(2);
    expect(requests).toHaveLength(3);
  });

  it.each([
    ['a bucket that is not there', errorResponse(404, 'NoSuchBucket'), 'not_found'],
    ['a server that knows no S3', { status: 404, body: '<html>not found</html>' }, 'not_found'],
  ])('does not take %s for a key that is not there', async (_what, response, code) => {
    const { lookUp } = prepare(({ method }) => (method === 'HEAD' ? MISSING : response));
    await expect(lookUp(['a'])).rejects.toMatchObject({ code });
  });

  it('takes an object that comes to be in between for too young to count', async () => {
    const { lookUp } = prepare(({ method }) => (method === 'HEAD' ? MISSING : { ...FOUND, body: 'x' }));
    expect((await lookUp(['a'])).objects).toEqual([]);
  });

  it('does not take an answer without a time for an object', async () => {
    const { lookUp } = prepare(() => ({ headers: { etag: '"e"' } }));
    await expect(lookUp(['a'])).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
  });

  it('ends at once where it may not look', async () => {
    const { lookUp, requests } = prepare(() => ({ status: 403 }));
    await expect(lookUp(['a'])).rejects.toMatchObject({ code: 'access_denied' });
    expect(requests).toHaveLength(1);
  });
});
