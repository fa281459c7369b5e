/**
 * Met: a circuit isolated under a name with escape codes cleared the screen of everybody who shares the state and
 *   looked at it.
 * Cause: `breaker-isolate` stored any scope as it was typed, and `breaker-status` printed it as it was stored.
 * Fix: a new name may have visible ASCII only, and a stored one is shown escaped; it can still be named, so that it
 *   can be reset.
 */
import { expect, it } from 'vitest';
import { DEFAULT_CIRCUIT_SETTINGS } from '../../src/circuit/circuit.ts';
import { initialRow } from '../../src/circuit/state-machine.ts';
import BreakerIsolate from '../../src/commands/breaker-isolate.ts';
import BreakerReset from '../../src/commands/breaker-reset.ts';
import BreakerStatus from '../../src/commands/breaker-status.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { createTestState } from '../support/state.ts';

const NAME = 's3-upload@\u001b[2J';

it('is refused where it is new, and shown escaped and reset where it is stored', async () => {
  await using program = await Program.create();
  await using state = await createTestState();
  const options = { env: { ...program.env, BREAKWATER_STATE_DIR: state.directory }, home: program.directory };
  const refused = await runInProcess(BreakerIsolate, [NAME], options);
  expect([refused.status, refused.stderr]).toEqual([2, expect.not.stringContaining('\u001b')]);

  const row = initialRow(NAME, DEFAULT_CIRCUIT_SETTINGS);
  state.open().circuits.update(NAME, () => ({ row, transitions: [], result: null }));
  for (const command of [BreakerStatus, BreakerReset]) {
    const { status, stdout, stderr } = await runInProcess(command, [NAME], options);
    const said = `${stdout.toString()}${stderr}`;
    expect([status, said.includes('\u001b'), said.includes('s3-upload@\\x1b[2J')]).toEqual([0, false, true]);
  }
});
