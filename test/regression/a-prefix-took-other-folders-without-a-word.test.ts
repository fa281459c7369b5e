/**
 * Met: `get -r s3://bucket/log` also took `logs/`, without a word; a sweep warns of it.
 * Cause: the warning belonged to sweeps.
 * Fix: all that work on a prefix warn once; a pattern says itself what it takes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import Get from '../../src/commands/get.ts';
import { runInProcess } from '../support/in-process.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const directory = await mkdtemp(join(tmpdir(), 'breakwater-prefix-'));
afterAll(async () => await rm(directory, { recursive: true, force: true }));

const WARNING = 'the prefix "log" also matches "logs/b"; for only the folder, use "log/"';

it.each([
  [['-r', 's3://bucket/log'], true],
  [['-r', '--dry-run', 's3://bucket/log'], true],
  [['-r', 's3://bucket/log/'], false],
  [['-r', 's3://bucket/log', '--exclude', 'logs/**'], false],
  [['s3://bucket/log*'], false],
])('%j: warns %s', async (words, isWarned) => {
  await using sandbox = await startTestSandbox();
  for (const key of ['log/a', 'logs/b', 'logs/c', 'log2']) sandbox.putObject('bucket', key, { body: key });
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  const env = { ...sandbox.env, BREAKWATER_STATE_DIR: join(directory, 'state') };
  const ended = await runInProcess(Get, [...words, join(directory, 'out')], { env, home: '/nonexistent' });
  expect([ended.status, ended.stderr.split(WARNING).length - 1]).toEqual([0, isWarned ? 1 : 0]);
});
