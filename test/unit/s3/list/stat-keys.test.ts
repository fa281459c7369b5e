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
      unreadable: [],
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

  it('does not take a bucket that is not there for a key that is not there', async () => {
    const { lookUp } = prepare(({ method }) => (method === 'HEAD' ? MISSING : errorResponse(404, 'NoSuchBucket')));
    await expect(lookUp(['a'])).rejects.toMatchObject({ code: 'not_found' });
  });

  it.each(['ExpiredToken', 'InvalidAccessKeyId', 'SignatureDoesNotMatch'])(
    'ends at once where nothing can be read: %s',
    async (code) => {
      const { lookUp } = prepare(({ method }) => (method === 'HEAD' ? { status: 403 } : errorResponse(403, code)));
      await expect(lookUp(['a'])).rejects.toMatchObject({ code: 'access_denied' });
    },
  );

  it('uses what a GET shows of an object that the HEAD did not', async () => {
    const { lookUp } = prepare(({ method }) => {
      const headers = { ...FOUND.headers, 'content-range': 'bytes 0-0/7', 'content-length': '1' };
      return method === 'HEAD' ? MISSING : { status: 206, headers, body: 'x' };
    });
    const object = { key: 'a', sizeBytes: 7, lastModifiedMs: STORE_NOW_MS - 5000, etag: '"e"' };
    expect((await lookUp(['a'])).objects).toEqual([object]);
  });

  it.each<[string, FakeResponse, FakeResponse, string]>([
    ['a key of its own', { status: 400 }, errorResponse(400, 'InvalidRequest'), 'InvalidRequest'],
    ['a policy', { status: 403 }, errorResponse(403, 'AccessDenied'), 'AccessDenied'],
    ['a policy that says nothing', { status: 403 }, { status: 403 }, 'http_403'],
    ['a server that knows no S3', MISSING, { status: 404, body: '<html>not found</html>' }, 'NotFound'],
    ['an outage', { status: 500 }, MISSING, 'http_500'],
    ['an answer without a time', { headers: { etag: '"e"' } }, MISSING, 'not_s3'],
  ])('names the key that %s keeps from being read, and reads the others', async (_what, head, get, code) => {
    const { lookUp } = prepare(({ method, path }) => (path !== '/b/b' ? FOUND : method === 'HEAD' ? head : get));
    const { objects, unreadable } = await lookUp(['a', 'b', 'c']);
    expect(objects.map(({ key }) => key)).toEqual(['a', 'c']);
    expect(unreadable).toMatchObject([{ key: 'b' }]);
    const { s3Code, reason } = unreadable[0]!.error.details;
    expect(s3Code ?? reason).toBe(code);
  });

  it('ends when the store fails for every one of the first keys', async () => {
    const { lookUp, requests } = prepare(() => ({ status: 503 }));
    await expect(lookUp(Array.from({ length: 200 }, (_, index) => `k${index}`))).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(requests.length).toBeLessThan(100);
  });
});
