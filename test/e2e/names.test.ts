import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import Get from '../../src/commands/get.ts';
import Put from '../../src/commands/put.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

/** Names that some part of the way would like to read as something else, and that are files here too. */
const PATHS: Readonly<Record<string, string>> = {
  'a blank': 'with space',
  'blanks at its ends': ' a ',
  'a plus sign': 'a+b',
  'a percent sign': '100%',
  'what looks escaped': '%41%2F',
  'a hash': 'a#b',
  'a question mark': 'a?b',
  'an ampersand': 'a&b=c;d',
  'a star': 'a*b',
  brackets: 'a[b]c',
  braces: '{a,b}',
  'a quote': "it's",
  'a double quote': 'say "x"',
  'a backslash': 'back\\slash',
  'what XML has its own way with': '<a>&amp;',
  'an emoji': '\u{1f600}\u{1f468}\u200d\u{1f469}',
  NFC: 'caf\u00e9',
  NFD: 'cafe\u0301',
  'right to left': '\u05d0\u200f\u05d1',
  'a control character': 'a\u0001b',
  'a tab': 'a\tb',
  'a line feed': 'a\nb',
  'a carriage return': 'a\rb',
  'a delete character': 'a\u007fb',
  'an escape sequence': '\u001b[31mred',
  'a dot in front': '.hidden',
  'two dots in front': '..a',
  'three dots': '...',
  'a tilde': '~',
  'a dash in front': '-r',
  'a prefix': 'deep/er/name',
  '1024 bytes': `${'d'.repeat(203)}/`.repeat(5) + 'n'.repeat(4),
  '1024 bytes in fewer characters': `${'\u00e9'.repeat(101)}/`.repeat(5) + 'e'.repeat(9),
};

/** Names that cannot be a path below a directory here. */
const UNSAFE: Readonly<Record<string, string>> = {
  'two slashes': 'a//b',
  'a slash in front': '/leading',
  'nothing but slashes in front': '///x',
  'a dot': '.',
  'two dots': '..',
  'a dot segment': 'a/./b',
  'a parent segment': 'a/../b',
  'parent segments that lead out': '../../out',
  'dots at the end': 'a/..',
  'a NUL': 'a\0b',
  'a segment of 1024 bytes': 'k'.repeat(1024),
  'a segment of 1024 bytes in fewer characters': '\u{1f600}'.repeat(256),
};

const KEYS = Object.values({ ...PATHS, ...UNSAFE });

let sandbox: TestSandbox;
let directory: string;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  directory = await mkdtemp(join(tmpdir(), 'breakwater-names-'));
  Object.assign(process.env, sandbox.env);
});
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

function surroundings() {
  return { env: { ...sandbox.env, BREAKWATER_STATE_DIR: join(directory, 'state') }, home: directory };
}

describe('a key with', () => {
  it.each(Object.entries({ ...PATHS, ...UNSAFE }))('%s goes up and comes down as it is', async (_what, key) => {
    const [from, to] = [join(directory, 'from'), join(directory, 'to')];
    await writeFile(from, `the bytes of ${key}`);
    const put = await runInProcess(Put, ['--json', from, `s3://bucket/${key}`], surroundings());
    expect([put.status, put.stderr]).toEqual([0, '']);
    expect(JSON.parse(put.stdout.toString())).toMatchObject({ key });
    expect(sandbox.read('bucket', key)?.toString()).toBe(`the bytes of ${key}`);
    const get = await runInProcess(Get, ['--json', `s3://bucket/${key}`, to], surroundings());
    expect([get.status, get.stderr]).toEqual([0, '']);
    expect(await readFile(to, 'utf8')).toBe(`the bytes of ${key}`);
  });

  it('more than 1024 bytes is refused before anything is sent', async () => {
    sandbox.clearRequests();
    const key = 'k'.repeat(1025);
    await writeFile(join(directory, 'from'), 'x');
    await expect(
      runInProcess(Put, [join(directory, 'from'), `s3://bucket/${key}`], surroundings()),
    ).resolves.toMatchObject({ status: 2 });
    expect(sandbox.requests()).toEqual([]);
  });
});

describe('under -r', () => {
  it('keys that cannot be a path here are named, and all others arrive', async () => {
    for (const key of KEYS) sandbox.putObject('names', key, { body: `the bytes of ${key}` });
    const to = join(directory, 'tree');
    const ended = await runInProcess(Get, ['-r', '--json', 's3://names/', to], surroundings());
    const document = JSON.parse(ended.stdout.toString()) as { failures: readonly { name: string; code: string }[] };
    expect(ended.status).toBe(3);
    expect(document).toMatchObject({ objects: Object.keys(PATHS).length, failed: Object.keys(UNSAFE).length });
    expect(document.failures.map(({ name, code }) => `${name} ${code}`).toSorted()).toEqual(
      Object.values(UNSAFE)
        .map((key) => `s3://names/${key} local_create`)
        .toSorted(),
    );
    const entries = await readdir(to, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(to, join(entry.parentPath, entry.name)));
    expect(files.toSorted()).toEqual(Object.values(PATHS).toSorted());
    for (const key of files) expect(await readFile(join(to, key), 'utf8')).toBe(`the bytes of ${key}`);
  });

  it('the tree goes back up under the same names', async () => {
    sandbox.createBucket('again');
    const ended = await runInProcess(Put, ['-r', `${join(directory, 'tree')}/`, 's3://again/'], surroundings());
    expect(ended.status, ended.stderr).toBe(0);
    expect(sandbox.keys('again').toSorted()).toEqual(Object.values(PATHS).toSorted());
  });
});

describe('the real program', () => {
  it('tells odd names without the control characters that are in them', async () => {
    await using program = await Program.create(sandbox.env);
    sandbox.putObject('shown', '\u001b[31mred/../\r\n', { body: 'x' });
    const ended = await program.run(['get', '-r', 's3://shown/', 'to']);
    expect(ended.status).toBe(3);
    expect(`${ended.text}${ended.stderr}`).toMatch(/\\x1b\[31mred/);
    // oxlint-disable-next-line no-control-regex -- what must not be there
    expect(`${ended.text}${ended.stderr}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  });
});
