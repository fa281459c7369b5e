/**
 * Met: with a shared state directory, a `get` deleted a file that never was a download of ours.
 * Cause: the path of a temporary file was taken from the state as it was; only its inode was compared.
 * Fix: a temporary file is ours only under our pattern of names, as a regular file of this user without other names, in
 *   the directory of its target; the tag of a run must be the id that its process has claimed.
 */
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { link, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSink } from '../../src/transfer/get/file-sink.ts';
import { collectLeftovers } from '../../src/transfer/get/leftover-files.ts';
import { createMemoryUnfinishedWork } from '../support/memory-unfinished-work.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const DAY_MS = 86_400_000;
const TAG = '0123456789ab';
const OURS = `.f.${TAG}.breakwater-part`;
const PLAIN = { noClobber: false, isSynced: false, claim: null };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-'));
});
afterEach(async () => await rm(directory, { recursive: true }));

const inodeOf = async (path: string): Promise<string> => String((await stat(path)).ino);

/** Writes a row and collects; every row is years old. @returns the files that are left */
async function collect(id: string, document: object): Promise<readonly string[]> {
  const unfinished = createMemoryUnfinishedWork();
  await unfinished.save(id, document);
  await collectLeftovers(unfinished, new VirtualClock());
  return (await readdir(directory)).toSorted();
}

const download = (partialPath: string, inode: string) => ({
  kind: 'download',
  partialPath,
  inode,
  etag: '"e"',
  sizeBytes: 1,
  covered: [],
  promise: null,
});

describe('a row of a download', () => {
  it('removes what looks like ours', async () => {
    await writeFile(join(directory, OURS), 'x');
    expect(await collect('a', download(join(directory, OURS), await inodeOf(join(directory, OURS))))).toEqual([]);
  });

  it.each(['thesis.tex', '.f.short.breakwater-part', `f.${TAG}.breakwater-part`])('leaves %s', async (name) => {
    await writeFile(join(directory, name), 'years of work');
    expect(await collect('a', download(join(directory, name), await inodeOf(join(directory, name))))).toEqual([name]);
  });

  it.each([
    ['a link', symlink],
    ['another name', link],
  ])('leaves a file that has %s of our pattern', async (_what, makeLink) => {
    const victim = join(directory, 'thesis.tex');
    await writeFile(victim, 'years of work');
    await makeLink(victim, join(directory, OURS));
    expect(await collect('a', download(join(directory, OURS), await inodeOf(victim)))).toEqual([OURS, 'thesis.tex']);
    const left = { partialPath: join(directory, OURS), inode: await inodeOf(victim), covered: [] };
    expect(await FileSink.reopen(join(directory, 'f'), left, PLAIN)).toBeNull();
  });

  it('is not resumed from another directory', async () => {
    const partialPath = join(directory, OURS);
    await writeFile(partialPath, 'x');
    const left = { partialPath, inode: await inodeOf(partialPath), covered: [] };
    expect(await FileSink.reopen(join(directory, 'below', 'f'), left, PLAIN)).toBeNull();
    const sink = await FileSink.reopen(join(directory, 'f'), left, PLAIN);
    expect(sink).not.toBeNull();
    await sink?.close();
  });
});

it('takes the tag of a run only from the process that has claimed it', async () => {
  const name = `.f.${TAG}-1.breakwater-part`;
  await writeFile(join(directory, name), 'x');
  const run = { kind: 'run', tag: TAG, directories: [directory] };
  expect(await collect('another', run)).toEqual([name]);
  expect(await collect(TAG, run)).toEqual([]);
});

it('a get deletes only what a download has left', async () => {
  await using sandbox = await startTestSandbox();
  sandbox.putObject('bucket', 'key', { body: 'bytes' });
  await using program = await Program.create(sandbox.env);
  expect((await program.run(['get', 's3://bucket/key', 'first'])).status).toBe(0);
  const victims = ['thesis.tex', `.thesis.breakwater-part`, OURS].map((name) => program.path(name));
  const [thesis = '', , ours = ''] = victims;
  victims.forEach((path) => writeFileSync(path, 'years of work'));
  const linked = program.path(`.link.${TAG}.breakwater-part`);
  symlinkSync(thesis, linked);
  const database = new DatabaseSync(program.path('state', 'state.db'));
  const rows = [...victims, linked].map((partialPath) => ({
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
  expect([...victims, linked].filter((path) => !existsSync(path)).map((path) => basename(path))).toEqual([
    basename(ours),
  ]);
  expect(readFileSync(thesis, 'utf8')).toBe('years of work');
});
