/**
 * Met: two runs of `get -r --no-clobber` into one directory; the slower one named files that the other had just made as
 *   failed, and ended with 3.
 * Cause: only files that were there before the request counted as skipped.
 * Fix: a file that appears during its download is skipped like one that was there before.
 */
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

it('skips files that appear during their download', async () => {
  await using sandbox = await startTestSandbox();
  sandbox.addFault('GetObject:latency:after=300ms');
  for (let i = 0; i < 30; i += 1) sandbox.putObject('bucket', `t/${i}`, { body: 'x' });
  await using program = await Program.create(sandbox.env);
  const get = async () => await program.run(['get', '-r', 's3://bucket/t/', 'here', '--no-clobber', '--json']);
  const runs = await Promise.all([get(), get()]);
  expect(runs.map(({ status }) => status)).toEqual([0, 0]);
});
