/**
 * Met: with BREAKWATER_TEXTFILE in a directory that does not exist, `doctor` ended with 0, and every `put` warned that the
 *   metrics could not be written.
 * Cause: of the outlets of the metrics, `doctor` looked at the push alone.
 * Fix: `doctor` makes a temporary file as the end of a command does, and removes it.
 */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { tryTextfile } from '../../src/metrics/textfile.ts';

const directory = await mkdtemp(join(tmpdir(), 'breakwater-textfile-'));
await writeFile(join(directory, 'file.prom'), 'before');
await mkdir(join(directory, 'directory.prom'));
afterAll(async () => await rm(directory, { recursive: true, force: true }));

it.each([
  ['nowhere/x.prom', 'ENOENT: no such file or directory'],
  ['file.prom/x.prom', 'ENOTDIR: not a directory'],
  ['directory.prom', 'it is a directory'],
])('finds that %s cannot be written', async (name, why) => {
  const path = join(directory, name);
  await expect(tryTextfile(path)).rejects.toMatchObject({
    code: 'local_create',
    message: `the metrics could not be written to ${path}: ${why}`,
  });
});

it.each(['file.prom', 'new.prom'])('finds that %s can be written, and leaves nothing', async (name) => {
  const before = await readdir(directory);
  await tryTextfile(join(directory, name));
  expect(await readdir(directory)).toEqual(before);
});
