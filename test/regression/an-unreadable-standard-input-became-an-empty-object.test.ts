/**
 * Met: `put - s3://bucket/key < directory`, or with standard input closed, replaced the object by one of 0 bytes, with
 *   status 0. `sweep --keys-from -` took them for an empty list.
 * Cause: Node gives an empty stream for what it cannot read, and opens /dev/null in place of a closed standard input.
 * Fix: the descriptor is looked at before anything is sent, and unusual files are read through it.
 */
import { openSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import Put from '../../src/commands/put.ts';
import Sweep from '../../src/commands/sweep.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

afterEach(() => vi.unstubAllEnvs());

/** Standard input as Node presents what it does not know: an empty stream that names its descriptor. Put closes it. */
function stdinOf(path: string, flags: string): Readable {
  return Object.assign(Readable.from([]), { fd: openSync(path, flags) });
}

const sweepKeys = ['s3://bucket/t/', '--older-than', '1d', '--yes', '--keys-from', '-'];

it.each([
  ['a directory', '.', 'r', 'it is a directory'],
  ['closed, for which Node opens /dev/null', '/dev/null', 'r+', 'it is closed'],
  ['open only for writing', '/dev/null', 'w', 'it is not open for reading'],
])('refuses a standard input that is %s, before anything is sent', async (_what, path, flags, why) => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  const options = () => ({ env: program.env, home: program.directory, stdin: stdinOf(path, flags) });
  const put = await runInProcess(Put, ['-', 's3://bucket/key'], options());
  const sweep = await runInProcess(Sweep, sweepKeys, options());
  for (const { status, stderr } of [put, sweep]) {
    expect([status, stderr]).toEqual([74, expect.stringContaining(`cannot read standard input: ${why}`)]);
  }
  expect(sandbox.requests()).toEqual([]);
});

it('sends an empty object from /dev/null, and the bytes of a file that Node does not know', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  writeFileSync(program.path('file'), 'bytes');
  const sizes: unknown[] = [];
  for (const path of ['/dev/null', program.path('file')]) {
    const stdin = stdinOf(path, 'r');
    const { status, stdout } = await runInProcess(Put, ['-', 's3://bucket/key', '--json'], {
      env: program.env,
      home: program.directory,
      stdin,
    });
    expect(status).toBe(0);
    sizes.push((JSON.parse(stdout.toString()) as { bytes: number }).bytes);
  }
  expect(sizes).toEqual([0, 5]);
});
