/**
 * Met: a sweep could delete nothing of what matched, and ended with status 0 without a word; with `--strict`, too, where the
 *   store called every object overwritten. Without permission it asked for every key before it said so, and what an
 *   interrupted sweep had not got to was in no count.
 * Cause: only failures counted, and each for itself.
 * Fix: a warning, or status 3 under `--strict`; 77 after 100 denials; `not_tried`.
 */
import { afterEach, expect, it, vi } from 'vitest';
import Sweep from '../../src/commands/sweep.ts';
import { BreakwaterError } from '../../src/errors.ts';
import { sweep } from '../../src/sweep/sweep.ts';
import { prepare, REQUEST } from '../support/fake-sweep.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import { keysUpTo, pagesOf, sweepPage } from '../support/sweep-pages.ts';

const DAY_MS = 86_400_000;

afterEach(() => vi.unstubAllEnvs());

it('says that nothing was deleted, and fails under --strict', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  for (const key of ['tmp/a', 'tmp/b']) sandbox.putObject('bucket', key, { body: 'x', ageMs: 2 * DAY_MS });
  sandbox.addFault('DeleteObjectsEntry:InternalError');
  const run = async (...flags: readonly string[]) =>
    await runInProcess(Sweep, ['s3://bucket/tmp/', '--older-than=1d', '--yes', '--json', ...flags], {
      env: { ...program.env, ...sandbox.env, BREAKWATER_RETRIES: '0' },
      home: program.directory,
    });
  const lenient = await run();
  expect(lenient).toMatchObject({ status: 0, stderr: expect.stringContaining('none of the 2 objects') as string });
  const strict = await run('--strict');
  expect(strict.status).toBe(3);
  expect(JSON.parse(strict.stdout.toString())).toMatchObject({
    matched: 2,
    failed: 2,
    not_tried: 0,
    error: { code: 'partial', reason: 'nothing_deleted' },
  });
});

it('stops early where everything is denied, and counts the rest as not tried', async () => {
  const { context } = prepare({ refuses: () => ({ code: 'AccessDenied', message: 'no' }) });
  const pages = Array.from({ length: 60 }, (_, page) => sweepPage(keysUpTo(1000, page * 1000)));
  const { tally, ending } = await sweep(pagesOf(pages), REQUEST, context);
  expect(ending).toMatchObject({ kind: 'failed', error: { code: 'access_denied' } });
  expect(tally.matched).toBeLessThan(60_000);
  expect(tally.matched).toBe(tally.failed);
});

it('counts what it never asked for when a batch ends the sweep', async () => {
  const { context } = prepare({ failBatch: (batch) => (batch === 2 ? new BreakwaterError('deadline', 'over') : null) });
  const { tally } = await sweep(pagesOf([sweepPage(keysUpTo(60_000))]), REQUEST, context);
  expect(tally.failed).toBe(1000);
  expect(tally.notTried).toBeGreaterThan(0);
  expect(tally.matched + tally.notTried).toBe(60_000);
});
