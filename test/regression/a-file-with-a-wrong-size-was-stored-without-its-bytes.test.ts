/**
 * Met: `put /proc/cpuinfo s3://bucket/key` stored 0 bytes, with status 0.
 * Cause: as many bytes were sent as the file's size says, and the files of the kernel state 0.
 * Fix: a file that does not end where its size says is refused. Standard input is read to its end, and can send it.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import Put from '../../src/commands/put.ts';
import { openLocalFile } from '../../src/transfer/put/source-file.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

/** States 0 bytes and has some. */
const MORE = '/proc/version';
/** States 4096 bytes and has a few. */
const FEWER = '/sys/class/net/lo/mtu';
const isHere = existsSync(MORE) && existsSync(FEWER);

it.skipIf(!isHere)('refuses such a file, alone and among others, and sends the others', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  const tree = program.path('tree');
  await mkdir(tree);
  await writeFile(join(tree, 'empty'), '');
  await symlink(MORE, join(tree, 'more'));
  await symlink(FEWER, join(tree, 'fewer'));
  const put = async (...argv: string[]) => await runInProcess(Put, argv, { env: program.env, home: program.directory });
  const many = await put('-r', tree, 's3://bucket/t/');
  expect([many.status, many.stdout.toString()]).toEqual([3, expect.stringContaining('sent 1 object, 0 B; 2 failed')]);
  for (const [path, how] of [
    [MORE, 'more'],
    [FEWER, 'fewer'],
  ] as const) {
    const { status, stderr } = await put(path, 's3://bucket/key');
    expect([status, stderr]).toEqual([74, expect.stringContaining(`it has ${how} bytes than its size says`)]);
  }
  expect(sandbox.requests().map(({ operation, key }) => `${operation} ${key}`)).toEqual(['PutObject t/empty']);
  vi.unstubAllEnvs();
});

it('sees bytes that were added while nothing else of the file changed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-'));
  const path = join(directory, 'file');
  await writeFile(path, 'bytes');
  using file = openLocalFile(path);
  // As on a network file system whose sizes lag behind.
  Object.assign(file.identity, { sizeBytes: 4 });
  expect(() => file.confirm()).toThrow('it has more bytes than its size says');
  await rm(directory, { recursive: true });
});
