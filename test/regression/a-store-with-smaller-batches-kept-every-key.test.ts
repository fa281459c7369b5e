/**
 * Met: a store that takes fewer than 1,000 keys in one DeleteObjects kept all of them; so did any store when one key of a
 *   thousand made the request unreadable for it.
 * Cause: the refusal of a whole request (400 MalformedXML) counted as the end of every key in it.
 * Fix: a request that is refused is sent again in halves. The size that was taken is remembered; a key that is refused in a
 *   request of its own is deleted with DeleteObject.
 */
import { expect, it } from 'vitest';
import { deletedResponse, honours, prepare, target } from '../support/fake-deletes.ts';
import { errorResponse } from '../support/fake-s3.ts';

const keys = (count: number, first = 0) =>
  Array.from({ length: count }, (_, index) => `k${String(first + index).padStart(4, '0')}`);

it.each([
  [400, 'MalformedXML'],
  [413, 'EntityTooLarge'],
])('halves what is refused with %d %s, and remembers the size', async (status, code) => {
  const { run, sent, requests } = prepare((asked) =>
    asked.length > 30 ? errorResponse(status, code) : deletedResponse(asked),
  );
  expect(await run(...keys(200))).toMatchObject({ stayed: [], error: null });
  expect(
    new Set(
      sent()
        .filter((each) => each.length <= 30)
        .flat(),
    ).size,
  ).toBe(200);
  requests.length = 0;
  expect((await run(...keys(200, 200))).deleted).toHaveLength(200);
  expect(sent().every((each) => each.length <= 30)).toBe(true);
});

it('deletes the one key alone that the store cannot read, and the others together', async () => {
  const odd = target('odd\u{1f600}', { versionId: 'v1' });
  const { run, requests } = prepare((asked, _number, { method }) => {
    if (method === 'DELETE') return { status: 204 };
    return asked.some(({ key }) => key === odd.key) ? errorResponse(400, 'MalformedXML') : deletedResponse(asked);
  });
  expect(await run(...keys(20), odd, ...keys(20, 20))).toMatchObject({ stayed: [], error: null });
  expect(requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path)).toEqual(['/b/odd%F0%9F%98%80']);
  requests.length = 0;
  await run(...keys(40, 40));
  expect(requests).toHaveLength(1);
});

it('tries another key where the first one is the odd one', async () => {
  const odd = target('odd');
  const { run, requests } = prepare(
    (asked, _number, { method }) => {
      if (method === 'DELETE') return { status: 204 };
      return asked.some(({ key }) => key === 'odd')
        ? errorResponse(400, 'MalformedXML')
        : deletedResponse(asked, honours);
    },
    { isTried: false },
  );
  expect(await run(odd, ...keys(20))).toMatchObject({ stayed: [], error: null });
  expect(requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path)).toEqual(['/b/odd']);
});
