/**
 * Met: where `--state-dir` pointed at a directory with a `state.db` of another program, that got our tables, or was renamed
 *   as corrupt; a named pipe at that path hung every command that writes.
 * Cause: every SQLite database counted as ours, and the file was opened before anything was known of it.
 * Fix: our files carry an application id in their header (or, from earlier versions, our tables). Any other database is
 *   left as it is: status 78 for who only looks at circuits, memory with one warning for transfers.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../src/state/schema.ts';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import { createTestState } from '../support/state.ts';

const KILL_AFTER_MS = 30_000;
const PUT = ['put', 'file', 's3://bucket/key'];

const FOREIGN: readonly (readonly [string, string])[] = [
  ['without a version', ''],
  ['of version 1', 'PRAGMA user_version = 1'],
  ['of version 7', 'PRAGMA user_version = 7'],
  ['with a write-ahead log', 'PRAGMA journal_mode = WAL'],
  ['with an id of its own', 'PRAGMA application_id = 252006674'],
  ['with a table of the same name', 'CREATE TABLE circuits (name TEXT, epoch INTEGER)'],
];

describe.each(FOREIGN)('a database of another program, %s', (_what, made) => {
  it('stays as it is', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    await writeFile(program.path('file'), 'bytes');
    await mkdir(program.path('state'));
    const database = new DatabaseSync(program.path('state', 'state.db'));
    database.exec(`CREATE TABLE bookmarks (x); INSERT INTO bookmarks VALUES (1); ${made}`);
    database.close();
    const before = await readFile(program.path('state', 'state.db'));

    const ended = await program.run(PUT);
    const warnings = ended.stderr.split('\n').filter((line) => line.startsWith('warning'));
    expect([ended.status, warnings]).toEqual([0, [expect.stringMatching(/belongs to another program/)]]);
    for (const args of [
      ['breaker-status'],
      ['breaker-status', '--check'],
      ['breaker-isolate', 's3-upload'],
      ['metrics'],
    ]) {
      const refused = await program.run([...args, '--json']);
      expect([args, refused.status, readDocument(refused).error]).toMatchObject([args, 78, { code: 'config' }]);
    }
    expect(await readdir(program.path('state'))).toEqual(['state.db']);
    expect(await readFile(program.path('state', 'state.db'))).toEqual(before);
  });
});

describe('a file of ours', () => {
  it('from a version without an id is kept and migrated', async () => {
    await using test = await createTestState();
    await mkdir(test.directory);
    const database = new DatabaseSync(join(test.directory, 'state.db'));
    database.exec(`PRAGMA journal_mode = WAL; ${MIGRATIONS[0]}; PRAGMA user_version = 1;
      INSERT INTO counters (family, labels, value) VALUES ('c', '{}', 7)`);
    database.close();
    const state = test.open();
    state.metrics.add(() => ({
      counters: [{ family: 'c', labels: {}, value: 1 }],
      gauges: [],
      histograms: [],
      refusals: [],
    }));
    expect(state.metrics.read().counters).toEqual([{ family: 'c', labels: {}, value: 8 }]);
    state.close();
    expect(test.warnings).toEqual([]);
  });

  it('has its id in the header of the file itself before there is a write-ahead log', async () => {
    await using test = await createTestState();
    const state = test.open();
    state.metrics.clear();
    expect((await readFile(join(test.directory, 'state.db'))).readUInt32BE(68)).toBe(0x62726b77);
    state.close();
  });
});

it('a named pipe in place of the state file is refused at once', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  await writeFile(program.path('file'), 'bytes');
  await mkdir(program.path('state'));
  spawnSync('mkfifo', [program.path('state', 'state.db')]);
  const ended = await program.run(PUT, { killAfterMs: KILL_AFTER_MS });
  expect([ended.signal, ended.status]).toEqual([null, 0]);
  expect(ended.stderr).toMatch(/cannot be read or written \(it is not a regular file\)/);
  expect((await program.run(['breaker-status'], { killAfterMs: KILL_AFTER_MS })).signal).toBeNull();
});
