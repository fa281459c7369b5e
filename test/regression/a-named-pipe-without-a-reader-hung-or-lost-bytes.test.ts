/**
 * Met: `get` into a named pipe that nobody read ended with status 0, and the bytes were lost; more than 256 KiB hung, and
 * `--deadline`, Ctrl-C and SIGTERM did not end it. `sweep --report PIPE` and `--keys-from PIPE` hung in the same way.
 * Cause: the pipe was opened for reading too, so that the process was its own reader; opening and writing blocked a
 *   thread, which keeps a process from exiting.
 * Fix: a pipe is opened without blocking, again and again until it has a reader, and written to without threads.
 */
import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it, vi } from 'vitest';
import Get from '../../src/commands/get.ts';
import Sweep from '../../src/commands/sweep.ts';
import { openSweepReport } from '../../src/sweep/sweep-report.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

afterEach(() => vi.unstubAllEnvs());

const SWEEP = ['s3://bucket/t/', '--older-than', '0', '--yes'];

async function preparePipe() {
  const sandbox = await startTestSandbox();
  const program = await Program.create(sandbox.env);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  const path = program.path('pipe');
  execFileSync('mkfifo', [path]);
  const options = { env: program.env, home: program.directory };
  const dispose = async (): Promise<void> => {
    await program[Symbol.asyncDispose]();
    await sandbox[Symbol.asyncDispose]();
  };
  return { sandbox, program, path, options, [Symbol.asyncDispose]: dispose };
}

it.each([3, 300_000])('lets a get of %d bytes wait for a reader, and asks S3 for nothing before', async (sizeBytes) => {
  await using pipe = await preparePipe();
  const { sandbox, path, options } = pipe;
  sandbox.putObject('bucket', 'key', { body: 'x'.repeat(sizeBytes) });
  const get = runInProcess(Get, ['s3://bucket/key', path, '--json'], options);
  const read = text(createReadStream(path));
  expect([(await get).status, (await read).length]).toEqual([0, sizeBytes]);
});

it.each([
  ['get', (path: string) => [Get, ['s3://bucket/t/a', path]] as const],
  ['sweep --report', (path: string) => [Sweep, [...SWEEP, '--report', path]] as const],
  ['sweep --keys-from', (path: string) => [Sweep, [...SWEEP, '--keys-from', path]] as const],
])('ends the wait of %s at the deadline', async (_what, argvFor) => {
  await using pipe = await preparePipe();
  const { sandbox, path, options } = pipe;
  sandbox.putObject('bucket', 't/a', { body: 'a' });
  const [command, argv] = argvFor(path);
  expect(await runInProcess(command, [...argv, '--deadline', '100ms'], options)).toMatchObject({ status: 75 });
  expect(sandbox.keys('bucket')).toEqual(['t/a']);
});

it('ends when the reader of the pipe reads nothing more', async () => {
  await using pipe = await preparePipe();
  const { sandbox, path, options } = pipe;
  sandbox.putObject('bucket', 'key', { body: 'x'.repeat(300_000) });
  const get = runInProcess(Get, ['s3://bucket/key', path, '--json', '--deadline', '500ms'], options);
  // Opened for reading and writing, it does not wait for the other end.
  await using _reader = await open(path, 'r+');
  expect(await get).toMatchObject({ status: 75 });
});

it('takes a reader that leaves for a closed pipe', async () => {
  await using pipe = await preparePipe();
  const { sandbox, path, options } = pipe;
  sandbox.putObject('bucket', 'key', { body: 'x'.repeat(300_000) });
  const get = runInProcess(Get, ['s3://bucket/key', path], options);
  const reader = createReadStream(path, { end: 9 });
  expect(await text(reader)).toBe('x'.repeat(10));
  const { status, stdout } = await get;
  expect([status, stdout.toString()]).toEqual([0, '']);
});

it('takes keys from a pipe, and writes the report to one', async () => {
  await using pipe = await preparePipe();
  const { sandbox, program, path, options } = pipe;
  for (const key of ['t/a', 't/b', 't/c']) sandbox.putObject('bucket', key, { body: 'a' });
  const keys = runInProcess(Sweep, [...SWEEP, '--keys-from', path], options);
  const writer = await open(path, 'w');
  await writer.writeFile('t/a\n');
  await writer.close();
  expect([(await keys).status, sandbox.keys('bucket')]).toEqual([0, ['t/b', 't/c']]);
  const report = runInProcess(Sweep, [...SWEEP, '--report', path], options);
  const lines = text(createReadStream(path));
  expect([(await report).status, await lines, sandbox.keys('bucket')]).toEqual([0, '', []]);
  const file = program.path('report');
  await runInProcess(Sweep, [...SWEEP, '--report', file], options);
  expect(await readFile(file, 'utf8')).toBe('');
});

it('ends a report whose reader reads nothing more', async () => {
  await using pipe = await preparePipe();
  await using _reader = await open(pipe.path, 'r+');
  const stop = new AbortController();
  const clock = { sleep: async () => await Promise.resolve() };
  const report = await openSweepReport(pipe.path, 'bucket', { clock, signal: stop.signal });
  const one = { key: 'k'.repeat(1000), versionId: null, code: 'changed', message: 'm' } as const;
  const writing = report.write(Array.from({ length: 1000 }, () => one));
  stop.abort();
  await writing;
  await expect(report.close()).rejects.toMatchObject({
    code: 'local_io',
    message: expect.stringContaining('does not read') as string,
  });
});
