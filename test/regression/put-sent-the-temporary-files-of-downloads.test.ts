/**
 * Met: `put -r` of a directory with an interrupted `get` sent its temporary file (`.NAME.….breakwater-part`), a part of an object,
 *   as an object of its own.
 * Cause: the walk took every regular file.
 * Fix: it passes over them, with one warning for all, in a dry run, too. One that is named itself is sent.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { afterEach, expect, it, vi } from 'vitest';
import Put from '../../src/commands/put.ts';
import { partialName } from '../../src/transfer/partial-name.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

afterEach(() => vi.unstubAllEnvs());

const TAG = '0123456789ab';
const PARTIAL = partialName('file', TAG);
const NUMBERED = partialName('x'.repeat(250), `${TAG}-7`);
/** Files of others, with names that are only similar. */
const SIMILAR = ['.file.breakwater-part', '.file.0123.breakwater-part', `file.${TAG}.breakwater-part`];

async function start() {
  const stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startTestSandbox());
  const program = stack.use(await Program.create(sandbox.env));
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  for (const place of ['one/sub', 'two']) await mkdir(program.path('tree', place), { recursive: true });
  for (const name of ['a', 'one/b', `one/${PARTIAL}`, `one/sub/${NUMBERED}`, ...SIMILAR])
    await writeFile(program.path('tree', name), 'x');
  await writeFile(program.path('tree', 'two', PARTIAL), 'y');
  const put = async (...argv: readonly string[]) =>
    await runInProcess(Put, argv, { env: program.env, home: program.directory });
  const keys = () => sandbox.keys('bucket');
  return { program, put, keys, [Symbol.asyncDispose]: async () => await stack.disposeAsync() };
}

it('put -r skips them with one warning', async () => {
  await using test = await start();
  const { program, put, keys } = test;
  const { status, stderr } = await put('-r', program.path('tree'), 's3://bucket/');
  expect([status, keys().toSorted()]).toEqual([0, ['a', 'one/b', ...SIMILAR].toSorted()]);
  expect(stderr.match(/skipped/g)).toHaveLength(1);
  expect(stderr).toContain('skipped 3 temporary files of downloads, such as ');
});

it('put -r --dry-run counts the others, and warns too', async () => {
  await using test = await start();
  const { program, put, keys } = test;
  const { status, stdout, stderr } = await put(
    '-r',
    '--dry-run',
    '--json',
    program.path('tree', 'one'),
    's3://bucket/',
  );
  expect([status, keys()]).toEqual([0, []]);
  expect(JSON.parse(stdout.toString())).toMatchObject({ objects: 1 });
  expect(stderr).toContain('skipped 2 temporary files of downloads');
});

it('put -r of two directories that both have one does not call them the same object', async () => {
  await using test = await start();
  const { program, put, keys } = test;
  const { status, stderr } = await put('-r', program.path('tree', 'one'), program.path('tree', 'two'), 's3://bucket/');
  expect([status, keys()]).toEqual([0, ['b']]);
  expect(stderr).toContain('skipped 3 temporary files');
});

it('one of which the user says the name is sent, and one that is excluded is no warning', async () => {
  await using test = await start();
  const { program, put, keys } = test;
  expect((await put(program.path('tree', 'one', PARTIAL), 's3://bucket/named')).status).toBe(0);
  expect(keys()).toEqual(['named']);
  const { status, stderr } = await put('-r', '--exclude', '.*', program.path('tree', 'one'), 's3://bucket/');
  expect([status, stderr]).toEqual([0, expect.not.stringContaining('skipped')]);
  const single = await put('-r', program.path('tree', 'two'), program.path('tree', 'a'), 's3://bucket/');
  expect([single.status, single.stderr]).toEqual([
    0,
    expect.stringContaining('it is the temporary file of a download'),
  ]);
});
