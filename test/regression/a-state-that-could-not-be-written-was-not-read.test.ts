/**
 * Met: a circuit was isolated by hand; then the disk of the state directory filled up, or the directory became read-only.
 *   `put` went through, and `breaker-status` said that the circuit was closed.
 * Cause: opening the file for reading needs room for the index of its write-ahead log, and what was stored was given up
 *   together with the file.
 * Fix: a file that cannot be opened for writing is opened for reading, and memory continues from what is stored.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const UID = 65_534;
const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const PUT = ['put', 'file', 's3://bucket/key'];

it('on a full disk, an isolated circuit stays isolated', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  await writeFile(program.path('file'), 'bytes');
  const disk = program.path('disk');
  await mkdir(disk);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', disk]).status !== 0) {
    console.log('skipped: a full disk needs a tmpfs, which cannot be mounted here');
    return;
  }
  try {
    const env = { BREAKWATER_STATE_DIR: program.path('disk', 'state') };
    await program.run(['breaker-isolate', 's3-upload'], { env });
    fillDisk(program.path('disk', 'filler'));
    const put = await program.run([...PUT, '--json'], { env });
    expect([put.status, readDocument(put).error]).toMatchObject([75, { code: 'circuit_open', reason: 'isolated' }]);
    const status = await program.run(['breaker-status', '--check', 's3-upload'], { env });
    expect(status.status).toBe(75);
    expect(sandbox.requests()).toEqual([]);
  } finally {
    spawnSync('umount', [disk]);
  }
});

const isRoot = process.getuid?.() === 0;
const canRead =
  !isRoot ||
  spawnSync(process.execPath, ['-e', `require('fs').readFileSync(${JSON.stringify(BIN)})`], { uid: UID, gid: UID })
    .status === 0;
if (!canRead) console.log('skipped: as root, a read-only directory needs a checkout that others may read');

it.skipIf(!canRead)('in a read-only directory, what is stored is shown and followed', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  const other = isRoot ? { uid: UID } : {};
  const state = program.path('state');
  await chmod(program.directory, 0o777);
  await writeFile(program.path('file'), 'bytes', { mode: 0o644 });
  await program.run(PUT);
  await program.run(['breaker-isolate', 's3-upload']);
  await chmod(program.path('state', 'state.db'), 0o444);
  await chmod(state, 0o555);
  if (isRoot) await chown(state, 0, 0);
  sandbox.clearRequests();

  const check = await program.run(['breaker-status', '--check', 's3-upload'], other);
  expect([check.status, check.stderr]).toEqual([75, expect.not.stringMatching(/warning/)]);
  const put = await program.run([...PUT, '--json'], other);
  expect([put.status, readDocument(put).error]).toMatchObject([75, { reason: 'isolated' }]);
  const metrics = await program.run(['metrics'], other);
  expect([metrics.status, metrics.text]).toEqual([0, expect.stringMatching(/result="success"\} 1$/m)]);
  expect(sandbox.requests()).toEqual([]);
  expect(await readdir(state)).toEqual(['state.db']);
  await chmod(state, 0o755);
});

function fillDisk(path: string): void {
  const fd = openSync(path, 'a');
  try {
    for (const size of [4096, 1]) {
      // One byte at a time in the end: no page is left.
      while (tryWrite(fd, size));
    }
  } finally {
    closeSync(fd);
  }
}

function tryWrite(fd: number, size: number): boolean {
  try {
    return writeSync(fd, Buffer.alloc(size)) > 0;
  } catch {
    return false;
  }
}
