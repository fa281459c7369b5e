/**
 * Met: `get` of a file that a container mounts from its host ended with EBUSY and advice about free space.
 * Cause: a mount point cannot be renamed over, and every download ended with a rename.
 * Fix: once the temporary file is verified, its bytes are written into the mounted file. Where none can be created beside
 *   it, as in a read-only container, the temporary file is in the directory for such files.
 */
import { execFile } from 'node:child_process';
import { chmod, chown, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { replaceBytes } from '../../src/transfer/get/replace-bytes.ts';
import { Program } from '../support/program.ts';
import { canMount } from '../support/can-mount.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

const run = promisify(execFile);

it.skipIf(!canMount()).each([
  ['get', ['get', 's3://bucket/d/file', 'd/file']],
  ['get -r', ['get', '-r', 's3://bucket/d/', 'd']],
])('%s writes into a mounted file', async (_name, args) => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  sandbox.putObject('bucket', 'd/file', { body: 'new' });
  await writeFile(program.path('mounted'), 'what was there before, and longer');
  const script =
    'mkdir d; touch d/file; mount --bind mounted d/file; "$@" && cat d/file && find d -name "*.breakwater-part"';
  const { stdout } = await run('unshare', ['-rm', 'bash', '-c', script, 'x', process.execPath, BIN, ...args], {
    cwd: program.directory,
    env: program.env,
  });
  expect(stdout).toMatch(/\nnew$/);
  expect(await readFile(program.path('mounted'), 'utf8')).toBe('new');
  expect(await readdir(program.path('d'))).toEqual(['file']);
});

it.skipIf(!canMount())('get writes into a mounted file of a read-only directory, even a large one', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create({ ...sandbox.env, TMPDIR: '/tmp' });
  const large = Buffer.alloc(64 * 1024 * 1024 + 1, 'x');
  sandbox.putObject('bucket', 'small', { body: 'new' });
  sandbox.putObject('bucket', 'large', { body: large });
  await writeFile(program.path('mounted'), 'what was there before');
  const script = `set -e; mkdir d tmp; touch d/file; mount --bind d d; mount --bind mounted d/file
    mount -o remount,bind,ro d; export TMPDIR=$PWD/tmp
    "$@" get s3://bucket/small d/file; cat d/file; "$@" get s3://bucket/large d/file; find d tmp -type f`;
  const { stdout } = await run('unshare', ['-rm', 'bash', '-c', script, 'x', process.execPath, BIN], {
    cwd: program.directory,
    env: program.env,
  });
  expect(stdout).toMatch(/\nnewgot .*\nd\/file\n$/);
  expect((await readFile(program.path('mounted'))).equals(large)).toBe(true);
});

it.skipIf(process.getuid?.() !== 0)('get writes into a file of ours in a directory that is not ours', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  sandbox.putObject('bucket', 'k', { body: 'new' });
  await chmod(program.directory, 0o755);
  for (const name of ['file', 'foreign']) await writeFile(program.path(name), 'old');
  await chown(program.path('file'), 54_321, 54_321);
  const env = { BREAKWATER_STATE_DIR: undefined, HOME: '/nonexistent' };
  const get = async (name: string) => (await program.run(['get', 's3://bucket/k', name], { uid: 54_321, env })).status;
  expect(await get('file')).toBe(0);
  expect(await readFile(program.path('file'), 'utf8')).toBe('new');
  expect(await get('foreign')).toBe(73);
});

describe('replaceBytes', () => {
  it('copies every byte, cuts the rest and sets the time', async () => {
    await using program = await Program.create();
    const [from, to] = [program.path('from'), program.path('to')];
    const bytes = Buffer.alloc(3 * 1024 * 1024 + 7, 'bytes');
    await writeFile(from, bytes);
    await writeFile(to, Buffer.alloc(bytes.length + 1));
    await replaceBytes({ from, to }, { modifiedMs: -1500, isSynced: true });
    expect((await readFile(to)).equals(bytes)).toBe(true);
    expect((await stat(to)).mtimeMs).toBe(-1500);
  });

  it('says that the target is a mount if it cannot be written', async () => {
    await using program = await Program.create();
    const from = program.path('from');
    await writeFile(from, 'x');
    await expect(
      replaceBytes({ from, to: program.directory }, { modifiedMs: null, isSynced: false }),
    ).rejects.toMatchObject({ code: 'local_io', message: expect.stringContaining('in place') as string });
  });
});
