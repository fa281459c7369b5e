/**
 * Met: with `--state-dir` naming a file, such as the state file itself, `metrics` printed totals of zero with status 0, and
 *   `breaker-status --check` called every circuit closed, without a word. Commands that write said "file already exists".
 * Cause: a path that leads through a file (ENOTDIR) counted as a state that nobody has written yet.
 * Fix: it is a state that cannot be used, as any other that cannot be read.
 */
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import BreakerStatus from '../../src/commands/breaker-status.ts';
import Metrics from '../../src/commands/metrics.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';

it.each([
  ['the file itself', []],
  ['a directory below a file', ['below']],
])('tells of %s where the state directory should be', async (_what, below) => {
  await using program = await Program.create({});
  writeFileSync(program.path('state.db'), 'text');
  const options = { env: program.env, home: program.directory };
  const flags = ['--state-dir', program.path('state.db', ...below)];
  const metrics = await runInProcess(Metrics, flags, options);
  expect(metrics.status).toBe(74);
  expect(metrics.stdout.toString()).toBe('');
  const { stderr } = await runInProcess(BreakerStatus, ['--check', ...flags], options);
  expect(stderr).toMatch(/^warning: the state file .* \(ENOTDIR: not a directory\)/);
});
