/**
 * Met: a directory was removed or renamed during a `get` into it; the message said that another program had replaced the
 * temporary file.
 * Cause: every name that no longer led to the open file counted as replaced.
 * Fix: a missing directory, a missing file and another file have messages of their own.
 */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { FileSink } from '../../src/transfer/get/file-sink.ts';

const options = { noClobber: false, isSynced: false, claim: null, tag: '0123456789ab' };
const BYTES = Buffer.from('verified');

it.each([
  ['the directory was removed', async (path: string) => await rm(dirname(path), { recursive: true }), /was removed or/],
  [
    'it was renamed',
    async (path: string) => await rename(dirname(path), `${dirname(path)}2`),
    /was removed or renamed/,
  ],
  ['the file was removed', async (path: string) => await rm(path), /another program has removed its temporary file/],
  [
    'another file is there',
    async (path: string) => {
      await rename(path, `${path}2`);
      await writeFile(path, 'evilevil');
    },
    /another program has replaced its temporary file/,
  ],
])('says that %s', async (_what, touch, message) => {
  const top = await mkdtemp(join(tmpdir(), 'breakwater-removed-'));
  await using _top = { [Symbol.asyncDispose]: async () => await rm(top, { recursive: true }) };
  for (const sizeBytes of [BYTES.byteLength, null]) {
    await mkdir(join(top, 'here'), { recursive: true });
    const sink = await FileSink.create(join(top, 'here', 'target'), { ...options, sizeBytes });
    await sink.writeAt([BYTES], 0, () => undefined);
    await touch(sink.partialPath);
    const failed = { code: 'local_io', message: expect.stringMatching(message) as string };
    await expect(sink.commit(null)).rejects.toMatchObject(failed);
    for (const name of ['here', 'here2']) await rm(join(top, name), { recursive: true, force: true });
  }
});
