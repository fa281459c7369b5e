/**
 * Met: `breaker-status --check --quiet` in a crontab sent a mail at each run of an outage, which is what `--quiet` was for.
 * Cause: `--quiet` hides everything but errors, and the refusal that the check found was reported as an error.
 * Fix: where the failure is the answer to a question, `--quiet` leaves the answer to the exit status; with `--json` the
 *   document stays.
 */
import { expect, it } from 'vitest';
import { DEFAULT_CIRCUIT_SETTINGS } from '../../src/circuit/circuit.ts';
import { initialRow } from '../../src/circuit/state-machine.ts';
import BreakerStatus from '../../src/commands/breaker-status.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { createTestState } from '../support/state.ts';

const NAME = 's3-upload@x';
const manual = { by: 'ops', atMs: 0, reason: null, untilMs: null };

it.each([
  ['text', [], '', ''],
  ['logs in JSON', ['--log-format', 'json'], '', ''],
  ['a document', ['--json'], 'circuit_open', ''],
])('prints nothing for people when quiet: %s', async (_form, flags, stdout, stderr) => {
  await using program = await Program.create();
  await using state = await createTestState();
  const options = { env: { ...program.env, BREAKWATER_STATE_DIR: state.directory }, home: program.directory };
  const row = { ...initialRow(NAME, DEFAULT_CIRCUIT_SETTINGS), state: 'isolated', epoch: 1, manual } as const;
  state.open().circuits.update(NAME, () => ({ row, transitions: [], result: null }));
  const check = await runInProcess(BreakerStatus, [NAME, '--check', '--quiet', ...flags], options);
  expect(check).toMatchObject({ status: 75, stderr });
  expect(check.stdout.toString()).toEqual(stdout === '' ? '' : expect.stringContaining(stdout));
  const loud = await runInProcess(BreakerStatus, [NAME, '--check'], options);
  expect(loud).toMatchObject({ status: 75, stderr: expect.stringContaining('circuit_open') });
});
