/**
 * Met: `sweep --inventory --unconditional` deleted objects that had been written after the inventory was made.
 * Cause: an inventory is days old. Only its ETags tell an object from another one that has its place by now, and
 *   `--unconditional` sends none.
 * Fix: the two together are refused.
 */
import { expect, it } from 'vitest';
import Sweep from '../../src/commands/sweep.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';

it('is not swept without conditions', async () => {
  await using program = await Program.create();
  const argv = ['s3://bucket/tmp/', '--older-than=1d', '--yes', '--inventory=manifest.json', '--unconditional'];
  const sweep = runInProcess(Sweep, argv, { env: program.env, home: program.directory });
  await expect(sweep).rejects.toThrow(/--inventory.*--unconditional|--unconditional.*--inventory/);
});
