/**
 * Met: `sweep --exclude keep/` deleted what is in `keep/`, without a word; so did `keep`, `./keep/**` and `PREFIX/keep/**`.
 * Cause: they mean that folder in .gitignore, rsync and find, but here patterns match the last segment or the whole name
 *   below the prefix.
 * Fix: patterns stay what they are, but one that has excluded nothing, while a key in such a folder is taken, is named in
 *   a warning with what to write; also of `put`, `get`, uploads and versions.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import Get from '../../src/commands/get.ts';
import Put from '../../src/commands/put.ts';
import Sweep from '../../src/commands/sweep.ts';
import type { Event } from '../../src/events.ts';
import { watchExcludes } from '../../src/exclude-watch.ts';
import { abortUploads } from '../../src/sweep/abort-uploads.ts';
import { FakeObjectStore } from '../support/fake-object-store.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

afterEach(() => vi.unstubAllEnvs());

async function start() {
  const sandbox = await startTestSandbox();
  const program = await Program.create(sandbox.env);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  for (const key of ['k/a.log', 'k/keep/1.log', 'k/keep/2.log'])
    sandbox.putObject('bucket', key, { body: 'x', ageMs: 2 * 86_400_000 });
  const options = { env: program.env, home: program.directory };
  return {
    sandbox,
    program,
    run: async (command: Parameters<typeof runInProcess>[0], argv: readonly string[]) =>
      await runInProcess(command, argv, options),
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

it.each(['keep', 'keep/', './keep/**', 'k/keep/**', 's3://bucket/k/keep/'])(
  'warns of --exclude %s',
  async (pattern) => {
    await using stage = await start();
    const warning = `--exclude "${pattern}" does not exclude "k/keep/1.log"; "keep/**" would`;
    const flags = ['--older-than=1d', `--exclude=${pattern}`];
    for (const way of ['--dry-run', '--yes']) {
      const { stderr } = await stage.run(Sweep, ['s3://bucket/k/', way, ...flags]);
      expect(stderr.split(warning)).toHaveLength(2);
    }
    expect(stage.sandbox.keys('bucket')).toEqual([]);
  },
);

it('says nothing of a pattern that keeps what it names', async () => {
  await using stage = await start();
  const flags = ['--older-than=1d', '--exclude=keep/**', '--exclude=*.bak', '--yes'];
  expect((await stage.run(Sweep, ['s3://bucket/k/', ...flags])).stderr).toBe('');
  expect(stage.sandbox.keys('bucket')).toEqual(['k/keep/1.log', 'k/keep/2.log']);
});

it('warns with get and put, too, also in a dry run', async () => {
  await using stage = await start();
  const here = stage.program.path('here');
  mkdirSync(`${here}/keep`, { recursive: true });
  writeFileSync(`${here}/keep/1`, 'x');
  for (const way of ['--dry-run', '--no-clobber']) {
    const get = await stage.run(Get, ['-r', '--exclude=keep', 's3://bucket/k/', stage.program.path('there'), way]);
    expect(get.stderr).toContain('--exclude "keep" does not exclude "k/keep/1.log"; "keep/**" would');
  }
  for (const way of ['--dry-run', '--if-none-match']) {
    const pattern = `${here}/keep/`;
    const put = await stage.run(Put, ['-r', `--exclude=${pattern}`, here, 's3://bucket/p/', way]);
    expect(put.stderr).toContain(`--exclude "${pattern}" does not exclude "keep/1"; "keep/**" would`);
  }
});

it('warns of noncurrent versions, too', async () => {
  await using stage = await start();
  stage.sandbox.keepVersions('bucket');
  for (const body of ['1', '2']) stage.sandbox.putObject('bucket', 'k/keep/1.log', { body });
  const flags = ['--versions', '--older-than=0', '--exclude=keep', '--dry-run'];
  const { stderr } = await stage.run(Sweep, ['s3://bucket/k/', ...flags]);
  expect(stderr).toContain('--exclude "keep" does not exclude "k/keep/1.log"; "keep/**" would');
});

it('warns of unfinished uploads, too', async () => {
  const warnings: Event[] = [];
  const exclude = ['keep'];
  const upload = { key: 'k/keep/1.log', uploadId: 'u', startedAtMs: 0 };
  const store = new FakeObjectStore({ uploadPages: [[upload]], storeNowMs: 1000 });
  await abortUploads(
    { bucket: 'b', prefix: 'k/', olderThanMs: 1, patterns: { include: [], exclude }, isDryRun: true },
    {
      store,
      findRunning: async () => await Promise.resolve(new Set<string>()),
      ageClock: () => 1000,
      excludes: watchExcludes({ exclude, starts: ['k/'], base: 'k/', emit: (event) => void warnings.push(event) }),
    },
  );
  expect(warnings).toMatchObject([{ reason: 'exclude_misses' }]);
});
