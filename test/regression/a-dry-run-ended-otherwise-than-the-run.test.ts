/**
 * Met: `put -r --dry-run` ended at the first file that cannot be sent, with status 74 and no list, where the real run sends the
 *   others and ends with 3. A broken link was "would put"; with patterns that leave nothing, it ended with 0 instead of 66.
 *   `get -r --dry-run` ended at a directory in the way of one object. `get KEY - --dry-run` said that the key is not a valid
 *   file name.
 * Cause: the dry runs had checks of their own.
 * Fix: what fails one object of a run is counted and named in its dry run, which goes on.
 */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { startScriptedStore } from '../support/scripted-store.ts';

it('names the files that put cannot send, and lists the others', async () => {
  await using store = await startScriptedStore({ objects: {} });
  await mkdir(store.path('tree'));
  await writeFile(store.path('tree', 'a'), 'four');
  await symlink('nowhere', store.path('tree', 'broken'));
  const argv = ['-r', '--json', store.path('tree'), 's3://bkt/t/'];
  const planned = await store.put('--dry-run', ...argv);
  const real = await store.put(...argv);
  expect(planned).toMatchObject({ status: 3, json: { objects: 1, bytes: 4, failed: 1, samples: [{ key: 't/a' }] } });
  expect(real).toMatchObject({ status: 3, json: { objects: 1, bytes: 4, failed: 1 } });
  expect(planned.json['failures']).toEqual(real.json['failures']);
});

it('ends like put where the patterns leave nothing', async () => {
  await using store = await startScriptedStore({ objects: {} });
  await mkdir(store.path('tree'));
  await writeFile(store.path('tree', 'a'), 'four');
  const argv = ['-r', '--include', 'none', store.path('tree'), 's3://bkt/t/'];
  expect([(await store.put('--dry-run', ...argv)).status, (await store.put(...argv)).status]).toEqual([66, 66]);
});

it('names what get cannot write, and lists the others', async () => {
  await using store = await startScriptedStore({ objects: { 't/a': 'one', 't/b': 'two' } });
  await mkdir(store.path('out', 'a'), { recursive: true });
  const planned = await store.get('-r', '--dry-run', 's3://bkt/t/', store.path('out'));
  expect(planned.stdout.toString()).toMatch(/cannot get s3:\/\/bkt\/t\/a: .*not a file/u);
  expect(planned.stdout.toString()).toMatch(
    /would get s3:\/\/bkt\/t\/b as .*\n.*would get 2 objects, 6 B; 1 of them cannot be files here/u,
  );
  const { json } = await store.get('-r', '--json', '--dry-run', 's3://bkt/t/', store.path('out'));
  expect(json).toMatchObject({ objects: 2, failed: 1 });
});

it('takes no key for a file name where get writes to standard output', async () => {
  await using store = await startScriptedStore({ objects: { 'a/b': 'one' } });
  const { status, stdout } = await store.get('--dry-run', 's3://bkt/a/b', '-');
  expect([status, stdout.toString()]).toEqual([
    0,
    expect.stringContaining('would get s3://bkt/a/b to standard output (3 B)'),
  ]);
});
