/**
 * Met: `put -r jan feb s3://bucket/logs/` sent both directories, and of two files with one name only one was there in
 *   the end.
 * Cause: only the names of single files were compared, not those of files below directories.
 * Fix: sources of which two files would be the same object are refused before anything is sent.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { afterEach, expect, it, vi } from 'vitest';
import Put from '../../src/commands/put.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

afterEach(() => vi.unstubAllEnvs());

it('is refused before anything is sent', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  for (const month of ['jan', 'feb']) {
    await mkdir(program.path(month, 'web'), { recursive: true });
    await writeFile(program.path(month, 'web', 'access.log'), month);
    await writeFile(program.path(month, `${month}.log`), month);
  }
  const argv = ['-r', program.path('jan'), program.path('feb'), 's3://bucket/logs/'];
  const { status, stderr } = await runInProcess(Put, argv, { env: program.env, home: program.directory });
  expect([status, stderr]).toEqual([2, expect.stringContaining('the same object, named web/access.log')]);
  expect(sandbox.requests()).toEqual([]);
});
