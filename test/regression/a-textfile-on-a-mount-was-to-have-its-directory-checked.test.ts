/**
 * Met: a textfile that is a mount of its own, as a file that a container gets from its host, could not be written, and
 *   the hint was that its directory must exist and be writable, which it did.
 * Cause: one hint for every error. rename(2) answers EBUSY for a mount.
 * Fix: the hint says to mount the directory. It is not written in place: a collector would read half of it.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeTextfile } from '../../src/metrics/textfile.ts';

it('says to mount the directory, and leaves nothing behind', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-textfile-'));
  try {
    // As rename(2) answers for a mount, which only root can make.
    const mayReplace = (): never => {
      throw Object.assign(new Error('EBUSY: resource busy or locked'), { code: 'EBUSY' });
    };
    const written = writeTextfile(join(directory, 'x.prom'), { text: 'x 1\n', mayReplace });
    await expect(written).rejects.toMatchObject({
      code: 'local_create',
      details: { hint: 'it is a mount of its own, which cannot be replaced: mount its directory instead' },
    });
    expect(await readdir(directory)).toEqual([]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
