/**
 * Met: a store repeated the last key of a page at the start of the next; `get -r` counted, fetched and wrote that object
 *   twice, to one file at the same time.
 * Cause: every entry of a listing was taken for an object of its own.
 * Fix: an entry with the key of the one before it is the same object.
 */
import { expect, it } from 'vitest';
import { startScriptedStore } from '../support/scripted-store.ts';

it.each([
  [
    [
      ['t/a', 't/b'],
      ['t/b', 't/c'],
    ],
  ],
  [[['t/a', 't/b', 't/b', 't/c']]],
])('takes it once from %j', async (pages) => {
  await using store = await startScriptedStore({ objects: { 't/a': '1', 't/b': '2', 't/c': '3' }, pages });
  const { status, json } = await store.get('-r', '--json', 's3://bkt/t/', store.path('here'));
  expect({ status, ...json }).toMatchObject({ status: 0, objects: 3, skipped: 0 });
  expect(store.asked.filter(({ kind }) => kind === 'get').map(({ key }) => key)).toEqual(['t/a', 't/b', 't/c']);
  expect(await store.files('here')).toEqual({ a: '1', b: '2', c: '3' });
});
