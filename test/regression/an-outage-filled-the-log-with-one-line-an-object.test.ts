/**
 * Met: while S3 failed under `put -r`, the log had a line for each object and attempt that differed in the key alone: 90 lines
 * for 30 files, in which nobody saw anything else.
 * Cause: every scheduled retry was logged.
 * Fix: retries that are alike are one line that counts, at most every 10 s; `--verbose` and JSON logs still have each.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';

const FILES = 30;

it.each([
  ['', 8],
  ['--log-format json', Infinity],
])('a run of many objects %s', async (flags, most) => {
  await using program = await Program.create({
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    BREAKWATER_RETRY_BASE: '10ms',
    BREAKWATER_FAILURE_THRESHOLD: '1000',
  });
  mkdirSync(program.path('many'));
  for (let count = 0; count < FILES; count += 1) writeFileSync(program.path('many', String(count)), 'x');
  const { stderr } = await program.run(['put', '-r', 'many', 's3://bucket/', ...flags.split(' ').filter(Boolean)]);
  const retries = stderr.split('\n').filter((line) => /attempt [123] of 4|"retry_scheduled"/.test(line));
  const counted = retries.map((line) => Number(/\((\d+) requests\)/.exec(line)?.[1] ?? 1));
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(FILES * 3);
  expect(retries.length).toBeLessThanOrEqual(most);
  if (most === Infinity) expect(retries.length).toBe(FILES * 3);
});
