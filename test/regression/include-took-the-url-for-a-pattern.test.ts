/**
 * Met: `get -r --include '*.log' s3://bucket/logs/ here` failed for want of a URL.
 * Cause: a flag that may be repeated took every word behind it.
 * Fix: `--include` and `--exclude` take one word each time.
 */
import { afterEach, expect, it, vi } from 'vitest';
import Get from '../../src/commands/get.ts';
import Put from '../../src/commands/put.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

afterEach(() => vi.unstubAllEnvs());

it.each(['--include', '--exclude'])('leaves the words behind the pattern of %s alone', async (flag) => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  sandbox.putObject('bucket', 'logs/a.log', { body: 'a' });
  sandbox.putObject('bucket', 'logs/b.txt', { body: 'b' });
  const options = { env: program.env, home: program.directory };
  const pattern = flag === '--include' ? '*.log' : '*.txt';
  const here = program.path('here');
  const get = await runInProcess(Get, ['-r', flag, pattern, 's3://bucket/logs/', here, '--json'], options);
  expect([get.status, JSON.parse(get.stdout.toString())]).toMatchObject([0, { objects: 1 }]);
  const put = await runInProcess(Put, ['-r', flag, pattern, here, 's3://bucket/copy/', '--json'], options);
  expect([put.status, sandbox.keys('bucket')]).toEqual([0, ['copy/a.log', 'logs/a.log', 'logs/b.txt']]);
});
