/**
 * Met: in a shared state directory, another user's row named a file of ours as an abandoned download; the next `get` of
 *   any object deleted it.
 * Cause: path and inode of the row were believed.
 * Fix: only a regular file of our own, not through a link, with the name of a temporary file and the inode of the row is
 *   one that we may open or delete; and a download resumes only a file beside its target.
 */
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { FileSink } from '../../src/transfer/get/file-sink.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const DAY_MS = 86_400_000;
const TAG = 'a'.repeat(12);
const PARTIAL = `.copy.${TAG}.breakwater-part`;

it('deletes only what a download has left', async () => {
  await using sandbox = await startTestSandbox();
  sandbox.putObject('bucket', 'key', { body: 'bytes' });
  await using program = await Program.create(sandbox.env);
  expect((await program.run(['get', 's3://bucket/key', 'first'])).status).toBe(0);
  const victims = ['thesis.tex', `.thesis.breakwater-part`, PARTIAL].map((name) => program.path(name));
  const [thesis = '', , ours = ''] = victims;
  victims.forEach((path) => writeFileSync(path, 'years of work'));
  const link = program.path(`.link.${TAG}.breakwater-part`);
  symlinkSync(thesis, link);
  const database = new DatabaseSync(program.path('state', 'state.db'));
  const rows = [...victims, link].map((partialPath) => ({
    kind: 'download',
    partialPath,
    inode: String(statSync(partialPath).ino),
    etag: '"e"',
    sizeBytes: 1,
    covered: [],
    promise: null,
  }));
  rows.forEach((row, index) => {
    database
      .prepare('INSERT INTO checkpoints (kind, id, saved_at_ms, document) VALUES (?, ?, ?, ?)')
      .run('download', String(index).repeat(32), Date.now() - 8 * DAY_MS, JSON.stringify(row));
  });
  database.close();
  expect((await program.run(['get', 's3://bucket/key', 'second'])).status).toBe(0);
  expect([...victims, link].filter((path) => !existsSync(path)).map((path) => basename(path))).toEqual([
    basename(ours),
  ]);
  expect(readFileSync(thesis, 'utf8')).toBe('years of work');
});

it('resumes only a file beside the target', async () => {
  await using program = await Program.create();
  await mkdir(program.path('elsewhere'));
  const options = { noClobber: false, isSynced: false, claim: null };
  for (const [directory, isResumed] of [
    ['elsewhere', false],
    ['', true],
  ] as const) {
    const partialPath = program.path(directory, PARTIAL);
    writeFileSync(partialPath, 'bytes');
    const left = { partialPath, inode: String(statSync(partialPath).ino), covered: [] };
    const sink = await FileSink.reopen(program.path('copy'), left, options);
    expect([directory, sink !== null]).toEqual([directory, isResumed]);
    await sink?.close();
  }
});
