/**
 * Met: `sweep --keys-from list --report list` emptied the list, deleted nothing, and ended with status 0.
 * Cause: the report was opened, which empties a file, before the keys were read.
 * Fix: a report that is a file the keys are read from, by any name, is refused before anything is opened for writing.
 */
import { createHash } from 'node:crypto';
import {
  createReadStream,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import Sweep from '../../src/commands/sweep.ts';
import { runInProcess } from '../support/in-process.ts';
import { startTestSandbox } from '../support/sandbox.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'breakwater-report-'));
  mkdirSync(join(directory, 'day'));
  mkdirSync(join(directory, 'data'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
  vi.unstubAllEnvs();
});

const LIST = 'tmp/a\n';

/** The report is in the environment, because the harness reads what `--report` names as one. */
async function sweep(report: string, flags: readonly string[], stdin?: Readable) {
  await using sandbox = await startTestSandbox();
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  vi.stubEnv('BREAKWATER_REPORT', report);
  sandbox.putObject('bucket', 'tmp/a', { body: 'x', ageMs: 2 * 86_400_000 });
  const argv = ['s3://bucket/tmp/', '--older-than=1d', '--yes', '--json', ...flags];
  const options = { env: sandbox.env, home: directory };
  const ended = await runInProcess(Sweep, argv, stdin === undefined ? options : { ...options, stdin });
  return [ended.status, sandbox.keys('bucket').length, sandbox.requests().length > 0];
}

/** An inventory as S3 lays it out: the manifest in a folder of its day, the rows in `data`. */
function writeInventory(): { readonly manifest: string; readonly rows: string } {
  const [manifest, rows] = [join(directory, 'day', 'manifest.json'), join(directory, 'data', 'rows.csv')];
  const text = '"bucket","tmp/a","1","2020-01-01T00:00:00.000Z","0123456789abcdef0123456789abcdef"\n';
  writeFileSync(rows, text);
  const files = [
    { key: 'i/data/rows.csv', size: text.length, MD5checksum: createHash('md5').update(text).digest('hex') },
  ];
  const fileSchema = 'Bucket, Key, Size, LastModifiedDate, ETag';
  writeFileSync(manifest, JSON.stringify({ sourceBucket: 'bucket', fileFormat: 'CSV', fileSchema, files }));
  return { manifest, rows };
}

it.each(['list', 'hard', 'soft'])('refuses the list of keys as the report, named %s', async (name) => {
  const list = join(directory, 'list');
  writeFileSync(list, LIST);
  linkSync(list, join(directory, 'hard'));
  symlinkSync('list', join(directory, 'soft'));
  const report = join(directory, name);
  expect(await sweep(report, [`--keys-from=${list}`])).toEqual([2, 1, false]);
  expect(await sweep(report, ['--keys-from=-'], await open(list))).toEqual([2, 1, false]);
  expect(readFileSync(list, 'utf8')).toBe(LIST);
});

it('refuses a file of an inventory, also one of another runner', async () => {
  const { manifest, rows } = writeInventory();
  for (const report of [manifest, rows]) {
    const before = readFileSync(report, 'utf8');
    expect(await sweep(report, [`--inventory=${manifest}`])).toEqual([2, 1, false]);
    expect(await sweep(report, [`--inventory=${manifest}`, '--shard=2/2'])).toEqual([2, 1, false]);
    expect(readFileSync(report, 'utf8')).toBe(before);
  }
});

it('writes the report into any other file, and takes the same device for both', async () => {
  const list = join(directory, 'list');
  writeFileSync(list, LIST);
  writeFileSync(join(directory, 'report'), LIST);
  const report = join(directory, 'report');
  expect(await sweep(report, [`--keys-from=${list}`])).toEqual([0, 0, true]);
  expect(readFileSync(report, 'utf8')).toBe('');
  expect(await sweep('/dev/null', ['--keys-from=/dev/null'])).toEqual([0, 1, false]);
});

/** Opened, as a shell gives it to a command. */
async function open(path: string): Promise<Readable> {
  const stream = createReadStream(path);
  await new Promise((resolve) => stream.once('open', resolve));
  return stream;
}
