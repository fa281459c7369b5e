/**
 * Met: with standard output or standard error on a full disk every command ended with a stack trace and status 1, and
 * `breaker-status --check` lost its 75.
 * Cause: a failed write to a standard stream was thrown by a listener, ours and one that oclif adds.
 * Fix: the first failed write is remembered; a command that would end with 0 ends with 74 (`local_io`) and says so.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

it('a standard output that is a directory loses nothing in silence', async () => {
  await using sandbox = await startTestSandbox();
  sandbox.putObject('bucket', 'key', { body: 'x' });
  await using program = await Program.create(sandbox.env);
  const directory = openSync(program.directory, 'r');
  const child = spawn(process.execPath, [BIN, 'get', 's3://bucket/key', '-'], {
    env: program.env,
    stdio: ['ignore', directory, 'ignore'],
  });
  closeSync(directory);
  expect((await once(child, 'exit'))[0]).toBe(74);
});

it.each([
  ['metrics', 1, 74, /cannot write to standard output: ENOSPC \(local_io\)/],
  ['breaker-status --json', 1, 74, /cannot write to standard output: ENOSPC/],
  ['breaker-status --help', 1, 74, /cannot write to standard output: ENOSPC/],
  ['breaker-status --check s3-upload', 1, 75, /is isolated/],
  ['put missing s3://bucket/key', 2, 66, null],
  ['breaker-isolate s3-download', 2, 74, null],
] as const)('%s with stream %i on a full disk ends with %i', async (line, full, status, says) => {
  await using program = await Program.create({ AWS_REGION: 'eu-west-1', BREAKWATER_QUIET: '' });
  expect((await program.run(['breaker-isolate', 's3-upload'])).status).toBe(0);
  const device = openSync('/dev/full', 'w');
  const stdio = ['ignore', full === 1 ? device : 'pipe', full === 2 ? device : 'pipe'] as const;
  const ended = spawnSync(process.execPath, [BIN, ...line.split(' ')], {
    cwd: program.directory,
    env: program.env,
    stdio: [...stdio],
    encoding: 'utf8',
  });
  closeSync(device);
  expect(ended.status).toBe(status);
  if (says !== null) expect(ended.stderr).toMatch(says);
  expect(`${ended.stderr ?? ''}${ended.stdout ?? ''}`).not.toMatch(/\n +at /);
});
