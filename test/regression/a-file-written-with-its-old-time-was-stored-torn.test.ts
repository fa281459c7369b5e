/**
 * Met: a program wrote into a file during its upload and restored the time of modification; `put` ended with 0, and the
 *   object had old bytes and new ones.
 * Cause: only size and time of modification were compared before the object was made.
 * Fix: the time of the last change of the inode counts too, which nobody can set.
 */
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLocalFile } from '../../src/transfer/put/source-file.ts';

it('is refused before the object is made', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-'));
  const path = join(directory, 'disk.img');
  await writeFile(path, 'old bytes');
  const { atime, mtime } = await stat(path);
  using source = openLocalFile(path);
  expect(() => source.confirm()).not.toThrow();
  // The ctime of some file systems is as coarse as their clock tick.
  await expect
    .poll(async () => {
      await writeFile(path, 'new bytes');
      await utimes(path, atime, mtime);
      try {
        source.confirm();
        return 'unseen';
      } catch (error) {
        return error;
      }
    })
    .toMatchObject({ code: 'source_changed' });
  await rm(directory, { recursive: true });
});
