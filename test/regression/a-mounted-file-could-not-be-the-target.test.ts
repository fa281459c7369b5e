/**
 * Met: `get` of a file that a container mounts from its host ended with EBUSY and advice about free space.
 * Cause: a mount point cannot be renamed over, and every download ended with a rename.
 * Fix: once the temporary file is verified, its bytes are written into the mounted file.
 */
import { execFile, execFileSync } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { replaceBytes } from '../../src/transfer/get/replace-bytes.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

const run = promisify(execFile);

/** Whether this user can mount in a name space of its own; containers often forbid it. */
const canMount = ((): boolean => {
  try {
    execFileSync('unshare', ['-rm', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

it.skipIf(!canMount).each([
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
    ).rejects.toMatchObject({ code: 'local_io', message: expect.stringContaining('which is a mount') as string });
  });
});
