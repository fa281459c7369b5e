import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import Get from '../../src/commands/get.ts';
import Put from '../../src/commands/put.ts';
import { runInProcess } from '../support/in-process.ts';
import { ODD_PATHS, UNSAFE_KEYS } from '../support/odd-names.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const KEYS = Object.values({ ...ODD_PATHS, ...UNSAFE_KEYS });

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
  it.each(Object.entries({ ...ODD_PATHS, ...UNSAFE_KEYS }))(
    '%s goes up and comes down as it is',
    async (_what, key) => {
      const [from, to] = [join(directory, 'from'), join(directory, 'to')];
      await writeFile(from, `the bytes of ${key}`);
      const put = await runInProcess(Put, ['--json', from, `s3://bucket/${key}`], surroundings());
      expect([put.status, put.stderr]).toEqual([0, '']);
      expect(JSON.parse(put.stdout.toString())).toMatchObject({ key });
      expect(sandbox.read('bucket', key)?.toString()).toBe(`the bytes of ${key}`);
      const get = await runInProcess(Get, ['--json', `s3://bucket/${key}`, to], surroundings());
      expect([get.status, get.stderr]).toEqual([0, '']);
      expect(await readFile(to, 'utf8')).toBe(`the bytes of ${key}`);
    },
  );

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
    expect(document).toMatchObject({ objects: Object.keys(ODD_PATHS).length, failed: Object.keys(UNSAFE_KEYS).length });
    expect(document.failures.map(({ name, code }) => `${name} ${code}`).toSorted()).toEqual(
      Object.values(UNSAFE_KEYS)
        .map((key) => `s3://names/${key} local_create`)
        .toSorted(),
    );
    const entries = await readdir(to, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(to, join(entry.parentPath, entry.name)));
    expect(files.toSorted()).toEqual(Object.values(ODD_PATHS).toSorted());
    for (const key of files) expect(await readFile(join(to, key), 'utf8')).toBe(`the bytes of ${key}`);
  });

  it('the tree goes back up under the same names', async () => {
    sandbox.createBucket('again');
    const ended = await runInProcess(Put, ['-r', `${join(directory, 'tree')}/`, 's3://again/'], surroundings());
    expect(ended.status, ended.stderr).toBe(0);
    expect(sandbox.keys('again').toSorted()).toEqual(Object.values(ODD_PATHS).toSorted());
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
