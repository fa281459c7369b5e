/**
 * Met: BREAKWATER_DRY_RUN=on, or `True ` with a blank, let a sweep delete, and BREAKWATER_RESUME=on switched resuming off.
 * Cause: the parser of the flags takes every word but four for no; settings refuse such a word.
 * Fix: a variable of a switch that says neither yes nor no is status 78, unless the flag is on the line.
 */
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

it('a sweep deletes nothing where a dry run is asked for in other words', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  expect((await program.run(['put', '-', 's3://bucket/old/key'], { input: 'x' })).status).toBe(0);
  const sweep = ['sweep', 's3://bucket/old/', '--older-than', '1ms', '--yes'];
  for (const word of ['on', 'true ', '2']) {
    const { status, stderr } = await program.run(sweep, { env: { BREAKWATER_DRY_RUN: word } });
    expect([status, stderr]).toEqual([
      78,
      expect.stringMatching(/BREAKWATER_DRY_RUN: ".*" is not accepted; expected true/),
    ]);
  }
  const given = await program.run([...sweep, '--dry-run'], { env: { BREAKWATER_DRY_RUN: 'on' } });
  expect(given.status).toBe(0);
  expect((await program.run(['get', 's3://bucket/old/key', '-'])).text).toBe('x');
});

it.each(['1', 'TRUE', 'yes', '0', 'No', 'false'])('%s is a clear word', async (word) => {
  await using program = await Program.create();
  expect((await program.run(['breaker-status'], { env: { BREAKWATER_ALL_SCOPES: word } })).status).toBe(0);
});
