/**
 * Met: `put -r` into a bucket that does not exist asked for it once an object, ended with 3 (`partial`), and advised to run the
 *   command again.
 * Cause: only some errors end a run at once; that the bucket is missing was taken for a failure of each object.
 * Fix: it ends the run as it ends a single put: 66, with the hint to check the bucket (src/transfer/run-many.ts).
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

it('ends a run at the first object', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  await mkdir(program.path('tree'));
  for (let index = 0; index < 60; index += 1) await writeFile(program.path('tree', `${index}`), 'x');
  const ended = await program.run(['put', '-r', '--json', 'tree/', 's3://nowhere/to/']);
  expect(ended.status).toBe(66);
  expect(JSON.parse(ended.text)).toMatchObject({ error: { code: 'not_found', s3_code: 'NoSuchBucket' } });
  // Those that a run starts with are on their way already.
  expect(sandbox.requests().filter(({ operation }) => operation === 'PutObject').length).toBeLessThanOrEqual(16);
});
