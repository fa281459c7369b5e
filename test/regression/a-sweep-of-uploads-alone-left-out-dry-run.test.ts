/**
 * Met: `sweep --abort-uploads 1d --json` without `--older-than` printed no `dry_run`, which docs/json.md promises.
 * Cause: the parser leaves a switch that was not given undefined, whatever its type says, and JSON drops the field.
 * Fix: the command says false then. All output of tests is validated against its schema, which found it.
 */
import { afterEach, expect, it, vi } from 'vitest';
import Sweep from '../../src/commands/sweep.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

afterEach(() => vi.unstubAllEnvs());

it('says whether it was a dry run', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  sandbox.seed({ bucket: 'bucket', key: 'k', body: Buffer.from('x') });
  const argv = ['s3://bucket/tmp/', '--abort-uploads', '1d', '--yes', '--json'];
  const { stdout } = await runInProcess(Sweep, argv, { env: program.env, home: program.directory });
  expect(JSON.parse(stdout.toString())).toMatchObject({ ok: true, dry_run: false, uploads: { matched: 0 } });
});
