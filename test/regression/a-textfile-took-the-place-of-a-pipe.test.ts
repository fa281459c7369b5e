/**
 * Met: `metrics --textfile pipe.prom` on a named pipe, or on a link to a device, put a file in its place; what read the pipe
 *   waited for ever.
 * Cause: the file is renamed over whatever has its name.
 * Fix: only a file is replaced; anything else is refused, before a command and by `doctor`, too.
 */
import { execFileSync } from 'node:child_process';
import { lstat, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { tryTextfile, writeTextfile } from '../../src/metrics/textfile.ts';

const directory = await mkdtemp(join(tmpdir(), 'breakwater-textfile-'));
execFileSync('mkfifo', [join(directory, 'pipe.prom')]);
await symlink('/dev/null', join(directory, 'device.prom'));
afterAll(async () => await rm(directory, { recursive: true, force: true }));

it.each(['pipe.prom', 'device.prom'])('refuses %s and leaves it', async (name) => {
  const path = join(directory, name);
  const before = await lstat(path);
  const refused = { code: 'local_create', message: expect.stringContaining('it is a pipe or device') };
  await expect(tryTextfile(path)).rejects.toMatchObject(refused);
  await expect(writeTextfile(path, { text: 'a 1\n', mayReplace: () => true })).rejects.toMatchObject(refused);
  expect((await lstat(path)).ino).toBe(before.ino);
  expect(await readdir(directory)).toHaveLength(2);
});
