/**
 * Met: `get` to a read-only file system ended with "no permission to write in D" and the hint to check its permissions.
 *   Other faults of a disk were codes alone: "cannot write F: ENOSPC".
 * Cause: every refusal of access(2) was taken for one of permission, and the system's words were dropped.
 * Fix: the message says what the system says, and the hint fits it.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { BreakwaterError } from '../../src/errors.ts';
import { readError } from '../../src/transfer/local-errors.ts';
import { FileSink } from '../../src/transfer/get/file-sink.ts';
import { checkDirectoryTarget, checkTarget } from '../../src/transfer/get/sink.ts';

const directory = await mkdtemp(join(tmpdir(), 'breakwater-read-only-'));
const mount = join(directory, 'mount');
await mkdir(mount);
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', mount]).status === 0;
if (!isMounted) console.log('skipped: a read-only file system cannot be mounted here');
afterAll(async () => {
  if (isMounted) spawnSync('umount', [mount]);
  await rm(directory, { recursive: true, force: true });
});

it.skipIf(!isMounted).each([
  ['one object', async () => await checkTarget(join(mount, 'f')), `cannot create ${join(mount, 'f')}`],
  [
    'many objects',
    async () => await checkDirectoryTarget(join(mount, 'd')),
    `cannot create files in ${join(mount, 'd')}`,
  ],
])('says that it is read-only, for %s', async (_what, check, begin) => {
  await expect(check()).rejects.toMatchObject({
    code: 'local_create',
    message: `${begin}: EROFS: read-only file system (${mount})`,
    details: { hint: expect.stringContaining('choose another destination') },
  });
});

it('says what else the system says when a file cannot be made', async () => {
  const path = join(directory, 'n'.repeat(200), 'n'.repeat(256));
  const create = FileSink.create(path, {
    tag: '000000000000',
    sizeBytes: 1,
    noClobber: false,
    isSynced: false,
    claim: null,
    directory: join(directory, 'n'.repeat(256)),
  });
  await expect(create).rejects.toMatchObject({
    message: expect.stringContaining('ENAMETOOLONG: name too long'),
    details: { hint: expect.stringContaining('shorter name') },
  });
});

it('says it of what is sent, too', () => {
  const error = readError('/f', Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', errno: -5 }));
  expect(error).toBeInstanceOf(BreakwaterError);
  expect(error.message).toBe('cannot read /f: EIO: i/o error');
});
