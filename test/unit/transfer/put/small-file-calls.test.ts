import fs from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import Put from '../../../../src/commands/put.ts';
import { runInProcess } from '../../../support/in-process.ts';
import { startTestSandbox } from '../../../support/sandbox.ts';
import { Program } from '../../../support/program.ts';

/** The calls of a file that is opened, and those that name a path. */
const CALLS = ['openSync', 'fstatSync', 'readSync', 'statSync', 'lstatSync', 'closeSync'] as const;

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  syncBuiltinESMExports();
});

it('sends each small file of a tree with one request and five calls to the file', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  const tree = program.path('tree');
  const names = Array.from({ length: 20 }, (_, index) => `file-${index}`);
  await mkdir(tree);
  for (const name of names) await writeFile(join(tree, name), 'x'.repeat(4096));
  const spies = CALLS.map((call) => vi.spyOn(fs, call));
  syncBuiltinESMExports();

  const { status } = await runInProcess(Put, ['-r', tree, 's3://bucket/'], {
    env: program.env,
    home: program.directory,
  });

  const [opened] = spies;
  const descriptors = new Set(
    opened?.mock.calls.flatMap(([path], at) => (String(path).startsWith(tree) ? [opened.mock.results[at]?.value] : [])),
  );
  const isOfTree = ([place]: readonly unknown[]) => descriptors.has(place) || String(place).startsWith(`${tree}/`);
  const counts = Object.fromEntries(CALLS.map((call, at) => [call, spies[at]?.mock.calls.filter(isOfTree).length]));
  const each = names.length;
  expect(status).toBe(0);
  expect(counts).toEqual({
    openSync: each,
    fstatSync: each,
    readSync: each,
    statSync: each,
    lstatSync: 0,
    closeSync: each,
  });
  expect(
    sandbox
      .requests()
      .map(({ operation, key }) => `${operation} ${key}`)
      .toSorted(),
  ).toEqual(names.map((name) => `PutObject ${name}`).toSorted());
});
