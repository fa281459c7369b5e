/**
 * Met: a store that fails (500) for every request with a certain key kept all keys of its batch, night after night. If that
 *   key came first, the others were never asked for, and counted as failed. If the response to the first delete was lost at
 *   every attempt, its object was gone and counted as failed, one more with each run.
 * Cause: a request that fails at every attempt ended its batch, and the one that tries out the store ended it before any
 *   other.
 * Fix: while the store answers looks, the keys of such a request are sent in ever smaller ones until the bad one is found;
 *   the first key is looked at, and the others are deleted without knowing whether conditions work.
 */
import { expect, it } from 'vitest';
import { deletedResponse, ETAG, prepare, type Asked } from '../support/fake-deletes.ts';
import { errorResponse, networkFault, type FakeResponse } from '../support/fake-s3.ts';

const KEYS = 'abcdefghij'.split('');

interface Store {
  /** What happens to a request; null to carry it out. */
  readonly fail: (asked: readonly Asked[], there: Set<string>) => FakeResponse | null;
}

/** A store that ignores conditions. */
function prepareStore({ fail }: Store, keys: readonly string[] = KEYS) {
  const there = new Set(keys);
  const store = prepare(
    (asked, _number, { method, path }) => {
      if (method === 'POST') {
        const failed = fail(asked, there);
        if (failed !== null) return failed;
        for (const { key } of asked) there.delete(key);
        return deletedResponse(asked);
      }
      if (there.has(path.slice('/b/'.length))) return { headers: { etag: ETAG } };
      return method === 'HEAD' ? { status: 404 } : errorResponse(404, 'NoSuchKey');
    },
    { isTried: false },
  );
  return { ...store, there };
}

it.each(['a', 'b', 'e', 'j', 'b h', 'a b', 'a e j'])(
  'deletes all keys but %s, for which the store fails',
  async (names) => {
    const bad = names.split(' ');
    const { run, there } = prepareStore({
      fail: (asked) => (asked.some(({ key }) => bad.includes(key)) ? errorResponse(500, 'InternalError') : null),
    });
    const { deleted, stayed, error } = await run(...KEYS);
    expect(error).toBeNull();
    expect(deleted.toSorted()).toEqual(KEYS.filter((key) => !bad.includes(key)));
    expect(stayed.toSorted()).toEqual(bad.map((key) => `${key} InternalError`));
    expect([...there]).toEqual(bad);
  },
);

it('counts what a request with a lost response has deleted, and deletes the others', async () => {
  const { run, there } = prepareStore({
    fail: (asked, objects) => {
      if (asked[0]?.etag === ETAG) return null;
      for (const { key } of asked) objects.delete(key);
      throw networkFault('ECONNRESET');
    },
  });
  expect(await run(...KEYS)).toMatchObject({ stayed: [], changed: [], error: null });
  expect(there.size).toBe(0);
});

it('remembers what the first key has shown before the store failed for it', async () => {
  const { run, requests } = prepare(
    (asked, _number, { method, headers }) => {
      if (method !== 'POST') return { headers: { etag: ETAG } };
      if (headers['content-md5'] === undefined) return errorResponse(400, 'InvalidRequest');
      return asked.some(({ key }) => key === 'a') ? errorResponse(500, 'InternalError') : deletedResponse(asked);
    },
    { isTried: false },
  );
  expect((await run('a', 'b', 'c')).deleted.toSorted()).toEqual(['b', 'c']);
  expect(requests.filter(({ method, headers }) => method === 'POST' && !('content-md5' in headers))).toHaveLength(1);
});

it('ends the batch when the store fails for every key', async () => {
  const { run, there, requests } = prepareStore({ fail: () => errorResponse(500, 'InternalError') });
  const { deleted, stayed, error } = await run(...KEYS);
  expect({ deleted, stayed: stayed.length, code: error?.code }).toEqual({
    deleted: [],
    stayed: 10,
    code: 'unavailable',
  });
  expect(there.size).toBe(10);
  // Eight failures, with their retries.
  expect(requests.filter(({ method }) => method === 'POST').length).toBeLessThanOrEqual(32);
});
