/**
 * Met: an object with bytes whose key ends with a slash was left out by `get -r` without a word, with status 0, and
 *   `get s3://bkt/e/ FILE` refused it as a prefix: there was no way to fetch it.
 * Cause: every such key was taken for the empty object that consoles create to show a directory.
 * Fix: only an empty one is. One with bytes is fetched alone, and named as failed among many, since no file can have
 *   its name.
 */
import { expect, it } from 'vitest';
import { startScriptedStore } from '../support/scripted-store.ts';

const OBJECTS = { 'd/f': '1', 'e/': 'not empty', 'e/g': '2', 'm/': '' };

it('fetches it alone', async () => {
  await using store = await startScriptedStore({ objects: OBJECTS });
  const piped = await store.get('s3://bkt/e/', '-');
  expect([piped.status, piped.stdout.toString()]).toEqual([0, 'not empty']);
  expect((await store.get('s3://bkt/e/', store.path('file'))).status).toBe(0);
  expect(await store.files('.')).toMatchObject({ file: 'not empty' });
  const plan = await store.get('--dry-run', '--json', 's3://bkt/e/', store.path('file'));
  expect(plan.json).toMatchObject({ ok: true, objects: 1, bytes: 9 });
});

it('fetches it where HEAD is denied', async () => {
  await using store = await startScriptedStore({ objects: OBJECTS, deniesHead: true });
  const piped = await store.get('s3://bkt/e/', '-');
  expect([piped.status, piped.stdout.toString()]).toEqual([0, 'not empty']);
});

it('names it among many, and fetches the others', async () => {
  await using store = await startScriptedStore({ objects: OBJECTS });
  const { status, json, stderr } = await store.get('-r', '--json', 's3://bkt/', store.path('all'));
  expect(status).toBe(3);
  expect(json).toMatchObject({
    objects: 2,
    failed: 1,
    failures: [{ name: 's3://bkt/e/', code: 'local_create', message: expect.stringMatching(/ends with a slash/) }],
  });
  expect(stderr).toContain('s3://bkt/e/');
  expect(await store.files('all')).toEqual({ 'd/f': '1', 'e/g': '2' });
});

it('names it where it is the prefix itself, or fits a pattern', async () => {
  await using store = await startScriptedStore({ objects: OBJECTS });
  expect(await store.get('-r', '--json', 's3://bkt/e/', store.path('e'))).toMatchObject({
    status: 3,
    json: { failed: 1 },
  });
  expect(await store.get('--json', 's3://bkt/e*', store.path('e'))).toMatchObject({ status: 3, json: { failed: 1 } });
  const argv = ['-r', '--json', '--include=*', 's3://bkt/e/', store.path('e')];
  expect(await store.get(...argv)).toMatchObject({ status: 3, json: { failed: 1 } });
  const planned = await store.get('-r', '--json', '--dry-run', 's3://bkt/e/', store.path('none'));
  expect(planned.json).toMatchObject({ samples: [{ name: 's3://bkt/e/', path: null }, { name: 's3://bkt/e/g' }] });
});

it.each([['s3://bkt/m/'], ['s3://bkt/none/']])('still takes %s for a prefix', async (url) => {
  await using store = await startScriptedStore({ objects: OBJECTS });
  expect(await store.get('--json', url, store.path('file'))).toMatchObject({
    status: 2,
    json: { error: { code: 'usage', hint: expect.stringMatching(/-r/) } },
  });
  expect(await store.files('.')).not.toHaveProperty('file');
});

it('asks nothing where the destination is a directory', async () => {
  await using store = await startScriptedStore({ objects: OBJECTS });
  expect((await store.get('s3://bkt/e/', store.path('.'))).status).toBe(2);
  expect(store.asked).toEqual([]);
});
