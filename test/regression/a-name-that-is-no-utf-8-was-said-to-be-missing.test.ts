/**
 * Met: `put -r` of an old archive failed with "caf?.txt does not exist" for files that were there, and whose names are
 *   Latin-1. With a file of the name that Node makes of it, that one was sent twice.
 * Cause: names were decoded as UTF-8, and bytes that are none became U+FFFD.
 * Fix: directories are read as bytes. A name that is not UTF-8, as a key must be, is refused as such; the others are sent.
 */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { afterEach, expect, it, vi } from 'vitest';
import Put from '../../src/commands/put.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

afterEach(() => vi.unstubAllEnvs());

async function prepare(program: Program): Promise<void> {
  const top = Buffer.from(`${program.path('tree')}/`);
  await mkdir(top);
  const below = (name: string): Buffer => Buffer.concat([top, Buffer.from(name, 'latin1')]);
  await writeFile(below('caf\xe9.txt'), 'latin1');
  await writeFile(program.path('tree', 'caf\ufffd.txt'), 'a name of its own');
  await writeFile(program.path('tree', 'café.txt'), 'utf-8');
  await mkdir(below('d\xe9'));
  await writeFile(below('d\xe9/inside'), '');
}

it('is refused by its bytes, and the others are sent', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  await prepare(program);
  const place = { env: program.env, home: program.directory };
  const { status, stdout } = await runInProcess(Put, ['-r', program.path('tree'), 's3://bucket/t/'], place);
  const text = stdout.toString();
  expect([status, text]).toEqual([3, expect.stringContaining('sent 2 objects')]);
  for (const name of [String.raw`tree/caf\xe9.txt`, String.raw`tree/d\xe9`]) {
    expect(text).toContain(`${name}: its name is not UTF-8`);
  }
  expect(sandbox.requests().map(({ key }) => key)).toEqual(expect.arrayContaining(['t/caf\ufffd.txt', 't/café.txt']));
  expect(sandbox.requests()).toHaveLength(2);
});

it('is no missing file when the shell has named it', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  await mkdir(program.path('tree'));
  await writeFile(Buffer.from(`${program.path('tree')}/b\xe9`, 'latin1'), 'latin1');
  await writeFile(program.path('tree', 'a'), '');
  // What Node makes of such arguments.
  const names = await readdir(program.path('tree'));
  const paths = names.map((name) => program.path('tree', name));
  const place = { env: program.env, home: program.directory };
  const several = await runInProcess(Put, [...paths, 's3://bucket/t/'], place);
  expect([several.status, several.stdout.toString()]).toEqual([3, expect.stringContaining('sent 1 object')]);
  const alone = await runInProcess(Put, [program.path('tree', 'b\ufffd'), 's3://bucket/key'], place);
  expect([alone.status, alone.stderr]).toEqual([74, expect.stringContaining('its name is not UTF-8')]);
  expect(several.stdout.toString() + alone.stderr).not.toContain('does not exist');
});
