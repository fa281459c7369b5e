/**
 * Met: objects were reported as left that were gone: the store had deleted them, and every response was lost.
 * Cause: a request that fails at every attempt counted as never carried out.
 * Fix: after a failure that leaves this open, a look settles each key, once a first look was answered.
 */
import { expect, it } from 'vitest';
import { ETAG, prepare, type Asked } from '../support/fake-deletes.ts';
import { errorResponse, networkFault, type FakeResponse } from '../support/fake-s3.ts';

interface Store {
  readonly fails: () => FakeResponse;
  readonly isDown?: boolean;
}

/** A store that deletes all but `c`, and then fails. */
function prepareStore({ fails, isDown = false }: Store) {
  const there = new Set(['a', 'b', 'c']);
  const remove = (asked: Asked['key']): void => void (asked !== 'c' && there.delete(asked));
  return prepare((asked, _number, { method, path }) => {
    const key = path.slice('/b/'.length);
    if (method === 'POST') for (const each of asked) remove(each.key);
    if (method === 'POST' || isDown) return fails();
    if (there.has(key)) return { headers: { etag: ETAG } };
    return method === 'HEAD' ? { status: 404 } : errorResponse(404, 'NoSuchKey');
  });
}

const reset = (): never => {
  throw networkFault('ECONNRESET');
};

it.each([
  ['a reset', reset],
  ['a 500', () => errorResponse(500, 'InternalError')],
  ['a 504 of a proxy', () => ({ status: 504, body: '<html></html>' })],
  ['a page of a proxy', () => ({ body: '<html></html>' })],
])('counts what is gone after %s, and says why the rest is left', async (_what, fails) => {
  const { deleted, stayed, error } = await prepareStore({ fails }).run('a', 'b', 'c');
  expect(deleted.toSorted()).toEqual(['a', 'b']);
  expect(stayed).toEqual([expect.stringMatching(/^c /)]);
  expect(error).toMatchObject({ code: 'unavailable' });
});

it('looks once at a store that is down, and not at all after a refusal', async () => {
  const down = prepareStore({ fails: reset, isDown: true });
  expect((await down.run('a', 'b', 'c')).stayed).toHaveLength(3);
  expect(new Set(down.requests.filter(({ method }) => method === 'HEAD').map(({ path }) => path)).size).toBe(1);
  const busy = prepareStore({ fails: () => errorResponse(503, 'SlowDown') });
  expect((await busy.run('a', 'b', 'c')).stayed).toHaveLength(3);
  expect(busy.requests.some(({ method }) => method === 'HEAD')).toBe(false);
});

it('counts what is gone where keys are deleted one by one', async () => {
  const { run } = prepare(
    (_asked, _number, { method, path }) => {
      if (method === 'POST') return errorResponse(501, 'NotImplemented');
      if (path === '/b/a') return { status: 204 };
      if (method === 'DELETE') return errorResponse(500, 'InternalError');
      if (path === '/b/c') return { headers: { etag: ETAG } };
      return method === 'HEAD' ? { status: 404 } : errorResponse(404, 'NoSuchKey');
    },
    { isTried: false },
  );
  expect(await run('a', 'b', 'c')).toMatchObject({ deleted: ['a', 'b'], stayed: ['c InternalError'], error: null });
});
