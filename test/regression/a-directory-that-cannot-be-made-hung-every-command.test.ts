/**
 * Met: with a state directory below /proc, every command that writes ran until SIGKILL, with `--deadline` too; the same in
 *   a working directory that was removed.
 * Cause: Node's recursive mkdir loops without end where mkdir answers ENOENT although the directory above exists.
 * Fix: one bounded loop of our own for all directories, of the state and of downloads.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { makeDirectory } from '../../src/files/make-directory.ts';
import { Program } from '../support/program.ts';

const KILL_AFTER_MS = 30_000;
const hasProc = existsSync('/proc/self');
if (!hasProc) console.log('skipped: a directory that cannot be made needs /proc');

describe.skipIf(!hasProc)('a directory below /proc', () => {
  it('is an error of the system', () => {
    expect(() => makeDirectory('/proc/nope/state')).toThrow(/ENOENT/);
  });

  it('as a state directory: the command ends', async () => {
    await using program = await Program.create({ BREAKWATER_STATE_DIR: '/proc/nope/state' });
    const ended = await program.run(['breaker-isolate', 's3-upload'], { killAfterMs: KILL_AFTER_MS });
    expect([ended.status, ended.signal]).toEqual([74, null]);
  });
});

it('creates what is missing with the mode, and leaves the rest', async () => {
  await using program = await Program.create();
  await mkdir(program.path('here'), { mode: 0o755 });
  makeDirectory(program.path('here', 'a', 'b'), 0o700);
  makeDirectory(program.path('here', 'a', 'b'), 0o711);
  const modes = await Promise.all(
    [['here'], ['here', 'a'], ['here', 'a', 'b']].map(
      async (names) => (await stat(program.path(...names))).mode % 0o1000,
    ),
  );
  expect(modes).toEqual([0o755, 0o700, 0o700]);
});

it('refuses a file in the way', async () => {
  await using program = await Program.create();
  await writeFile(program.path('file'), 'x');
  expect(() => makeDirectory(program.path('file'))).toThrow(/EEXIST/);
  expect(() => makeDirectory(program.path('file', 'below'))).toThrow(/ENOTDIR/);
  expect(await readdir(program.directory)).toEqual(['file']);
});

it('ends in a working directory that was removed', async () => {
  await using program = await Program.create();
  const gone = program.path('gone');
  await mkdir(gone);
  const started = program.start(['breaker-isolate', 's3-upload'], {
    cwd: gone,
    killAfterMs: KILL_AFTER_MS,
    env: { BREAKWATER_STATE_DIR: 'state' },
  });
  await rm(gone, { recursive: true });
  // Too early or too late to matter: it must end either way.
  expect((await started.ended).signal).toBeNull();
});
