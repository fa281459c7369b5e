/**
 * Met: a file that was written and put again within a second was not fetched by `get -r`, which skipped it with status 0;
 *   and where the writer's clock was ahead, `get -r` fetched everything anew on each run.
 * Cause: times were compared by the second, the time of storing was enough, and a file that is younger than its object
 *   was taken for another one.
 * Fix: the writer's time decides to the microsecond; without one the MD5 does.
 */
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

async function prepare(program: Program) {
  const tree = program.path('tree');
  await mkdir(tree);
  const run = async (...argv: readonly string[]) => {
    const ended = await program.run([...argv, '--json']);
    expect(ended.status).toBe(0);
    return readDocument(ended);
  };
  return {
    put: async (text: string, seconds: number) => {
      await writeFile(join(tree, 'file'), text);
      await utimes(join(tree, 'file'), seconds, seconds);
      await run('put', '-r', tree, 's3://bucket/t/');
    },
    get: async () => {
      const { skipped } = await run('get', '-r', 's3://bucket/t/', 'here/');
      return { skipped, text: await readFile(program.path('here', 'file'), 'utf8') };
    },
  };
}

it('fetches it, and skips what it has fetched', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  const { put, get } = await prepare(program);
  await put('build 1', 1_700_000_000.1);
  expect(await get()).toMatchObject({ text: 'build 1' });
  await put('build 2', 1_700_000_000.100_25);
  expect(await get()).toMatchObject({ text: 'build 2', skipped: 0 });
  expect(await get()).toMatchObject({ skipped: 1 });
});

it('fetches a file once whose writer was ahead', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  const { put, get } = await prepare(program);
  await put('build 1', Math.floor(Date.now() / 1000) + 90_000.5);
  expect(await get()).toMatchObject({ text: 'build 1', skipped: 0 });
  expect(await get()).toMatchObject({ skipped: 1 });
});
