/**
 * Met: a store listed keys that do not start with the prefix; `get -r s3://bkt/p/` fetched them under names that were cut
 *   off at the length of the prefix, with status 0.
 * Cause: only the sweep looked whether listed keys start with the prefix.
 * Fix: the port to the store looks, for every listing of objects and versions. A resumed `put -r` sends everything again.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { startScriptedStore } from '../support/scripted-store.ts';

const OBJECTS = { 'p/a': 'inside', 'q/outside': 'outside', zzsecret: 'secret' };

it.each([[['-r', 's3://bkt/p/']], [['s3://bkt/p/*']]])(
  'ends get %j with a coded error, and writes nothing',
  async (argv) => {
    await using store = await startScriptedStore({ objects: OBJECTS, pages: [['p/a', 'q/outside', 'zzsecret']] });
    const { status, json } = await store.get('--json', ...argv, store.path('here'));
    expect(status).toBe(76);
    expect(json).toMatchObject({ error: { code: 'rejected', reason: 'listing_not_below_prefix' } });
    expect(await store.files('here')).toEqual({});
  },
);

it('keeps what came before the key', async () => {
  await using store = await startScriptedStore({ objects: OBJECTS, pages: [['p/a'], ['q/outside']] });
  const { status } = await store.get('-r', 's3://bkt/p/', store.path('here'));
  expect(status).toBe(76);
  expect(Object.keys(await store.files('here'))).toEqual(expect.not.arrayContaining(['outside']));
});

it('sends everything again where the look at what is stored finds such a key', async () => {
  let isRefusing = true;
  await using store = await startScriptedStore({
    objects: {},
    pages: [['t/a', 'elsewhere']],
    entry: () => ({ modified: new Date(Date.now() + 1000).toISOString() }),
    refuses: (key) => isRefusing && key === 't/b',
  });
  await mkdir(store.path('tree'));
  for (const name of ['a', 'b']) await writeFile(store.path('tree', name), name);
  const put = async () => await store.put('-r', '--json', store.path('tree'), 's3://bkt/t/');
  expect(await put()).toMatchObject({ status: 3, json: { objects: 1, failed: 1 } });
  isRefusing = false;
  const again = await put();
  expect(again).toMatchObject({ status: 0, json: { objects: 2, skipped: 0 } });
  expect(again.stderr).toMatch(/everything is sent again/);
});
