/**
 * Met: `sweep s3://bucket/tmp/*`, and a key list of `s3://` URLs, deleted nothing and ended with status 0 without a word.
 * Cause: a prefix and the keys of a list are taken as they are, while other tools take patterns and URLs.
 * Fix: a warning says so, and what to write instead.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import Sweep from '../../src/commands/sweep.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

it('warns of a pattern as the prefix, also in a dry run and for uploads, and of URLs as keys', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  sandbox.putObject('bucket', 'tmp/a', { body: 'x', ageMs: 86_400_000 });
  const list = join(program.directory, 'keys');
  await writeFile(list, 's3://bucket/tmp/a\n');
  const run = async (...argv: readonly string[]) =>
    await runInProcess(Sweep, argv, { env: { ...program.env, ...sandbox.env }, home: program.directory });
  Object.assign(process.env, sandbox.env);

  for (const flags of [
    ['--older-than=1h', '--yes'],
    ['--older-than=1h', '--dry-run'],
    ['--abort-uploads=1h', '--yes'],
  ]) {
    const { status, stderr } = await run('s3://bucket/tmp/*', ...flags);
    expect(status).toBe(0);
    expect(stderr).toMatch(/tmp\/\*.*literally.*--include/);
  }
  const listed = await run('s3://bucket/tmp/', '--older-than=1h', '--yes', `--keys-from=${list}`);
  expect(listed.stderr).toMatch(/s3:\/\/bucket\/tmp\/a.*leave out s3/);
  const { stderr } = await run('s3://bucket/tmp/', '--older-than=1h', '--yes');
  expect(stderr).toBe('');
  expect(sandbox.keys('bucket')).toEqual([]);
});
