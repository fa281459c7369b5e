/**
 * Met: `breaker-status` showed 0/5 failures where the settings said that the circuit opens at the first.
 * Cause: a circuit without a record was shown with the default thresholds.
 * Fix: it is shown with those that its first call would have.
 */
import { expect, it } from 'vitest';
import BreakerStatus from '../../src/commands/breaker-status.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';

it('is shown with the thresholds of the settings', async () => {
  await using program = await Program.create();
  const env = { ...program.env, BREAKWATER_FAILURE_THRESHOLD: '9', BREAKWATER_SUCCESS_THRESHOLD: '3' };
  const { stdout } = await runInProcess(BreakerStatus, ['s3-upload@there', '--json'], { env, home: program.directory });
  expect(JSON.parse(stdout.toString())).toMatchObject({
    circuits: [{ name: 's3-upload@there', failure_threshold: 9, success_threshold: 3 }],
  });
});
