/**
 * Met: on a store that demands Content-MD5, a sweep whose first key may not be deleted deleted nothing at all.
 * Cause: what the trial of the first key had learned of the store was dropped when that key itself could not be deleted,
 *   and the others were sent in a form that the store refuses.
 * Fix: a form that the store has taken is remembered, whatever became of the key.
 */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { byKey, deletedResponse, ETAG, honours, prepare, target } from '../support/fake-deletes.ts';
import { errorResponse, type FakeResponse } from '../support/fake-s3.ts';

it.each(['AccessDenied', 'Whatever', 'InternalError', null])(
  'remembers Content-MD5 where the first key ends with %s',
  async (code) => {
    const { run, requests } = prepare(
      (asked, _number, { method, headers, body }): FakeResponse => {
        if (method === 'HEAD') return { headers: { etag: ETAG } };
        const md5 = createHash('md5').update(body).digest('base64');
        if (headers['content-md5'] !== md5) return errorResponse(400, 'InvalidRequest');
        // null: the store does not say what became of it.
        if (code === null) return deletedResponse(asked.filter(({ key }) => key !== 'a'));
        return deletedResponse(asked, (each) => byKey({ a: code })(each) ?? honours(each));
      },
      { isTried: false },
    );
    expect(await run('a', 'b', 'c')).toMatchObject({ deleted: ['b', 'c'], error: null });
    const refused = requests.filter(({ method, headers }) => method === 'POST' && headers['content-md5'] === undefined);
    expect(refused).toHaveLength(1);
  },
);

it('deletes the others one by one where the first of them is denied without a code', async () => {
  const { run } = prepare(
    (_asked, _number, { method, path }) => {
      if (method === 'POST') return errorResponse(501, 'NotImplemented');
      if (method === 'DELETE') return path === '/b/a' ? { status: 403 } : { status: 204 };
      return { status: 403 };
    },
    { isTried: false },
  );
  expect(await run('a', 'b', 'c', target('d', { versionId: 'v' }))).toMatchObject({
    deleted: ['b', 'c', 'd'],
    stayed: ['a http_403'],
    error: null,
  });
});
