/**
 * Met: a sweep deleted nothing, said that every object had been overwritten, and ended with status 0.
 * Cause: the listing of some stores writes ETags in another form than they compare: without quotes, weak, in upper case.
 *   The condition of every delete failed, and a failed condition counted as a newer object.
 * Fix: a failed condition is believed once the store has deleted an object by an ETag of the same form. Otherwise a look
 *   tells; an object that is still the listed one is deleted by its ETag as the look shows it, or counts as left.
 */
import { expect, it } from 'vitest';
import { deletedResponse, prepare, target } from '../support/fake-deletes.ts';

const MD5 = 'abcdef0123456789abcdef0123456789';
const strong = `"${MD5}"`;

it.each([
  ['unquoted', MD5, strong],
  ['weak', `W/${strong}`, strong],
  ['upper case', strong.toUpperCase(), strong],
  ['quoted, where the store compares without quotes', strong, MD5],
  ['weak, where the store compares text', `W/${strong}`, `W/${strong}`],
])('deletes by an ETag that the listing writes %s', async (_what, listed, compared) => {
  const { run, requests } = prepare(
    (asked, _number, { method }) => {
      if (method === 'HEAD') return { headers: { etag: compared } };
      return deletedResponse(asked, ({ etag }) => (etag === null || etag === compared ? null : 'PreconditionFailed'));
    },
    { isTried: false },
  );
  expect(await run(target('a', { etag: listed }))).toEqual({ deleted: ['a'], changed: [], stayed: [], error: null });
  expect(requests.some(({ body }) => body.toString().includes('W/'))).toBe(false);
});

it('counts as left what is not overwritten and whose ETag the store never accepts', async () => {
  const { run } = prepare(
    (asked, _number, { method }) =>
      method === 'HEAD' ? { headers: { etag: MD5 } } : deletedResponse(asked, () => 'PreconditionFailed'),
    { isTried: false },
  );
  expect(await run(target('a', { etag: strong }))).toMatchObject({ changed: [], stayed: ['a PreconditionFailed'] });
});

it('looks at no object that is overwritten, once an ETag of that form was accepted', async () => {
  const other = `"${'1'.repeat(32)}"`;
  const { run, requests } = prepare(
    (asked) =>
      deletedResponse(asked, ({ key, etag }) =>
        etag === (key === 'b' ? other : strong) ? null : 'PreconditionFailed',
      ),
    { isTried: false },
  );
  const items = ['a', 'b', 'c'].map((key) => target(key, { etag: strong }));
  expect(await run(...items)).toMatchObject({ deleted: ['a', 'c'], changed: ['b'], stayed: [] });
  expect(requests.map(({ method }) => method)).toEqual(['POST', 'POST']);
});
