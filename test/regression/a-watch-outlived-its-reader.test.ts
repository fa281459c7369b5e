/**
 * Met: `breaker-status --watch | head -1` did not end: the watch, and every shell pipeline around it, stayed until the next change
 * of a circuit, which may be never.
 * Cause: that a reader has gone is known by a failed write only, and a watch of circuits that do not change writes nothing.
 * Fix: the watch asks each time whether its output is still read: a pipe by polling, a socket or terminal by an empty write.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { platform } from 'node:os';
import { expect, it } from 'vitest';
import { watchReader } from '../../src/cli/output/reader-watch.ts';
import { KILL_AFTER_MS, Program } from '../support/program.ts';

async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

it.each([[[]], [['--json']]])('a watch %j ends when its reader has gone', async (flags) => {
  await using program = await Program.create({ AWS_REGION: 'eu-west-1' });
  const { child, ended } = program.start(['breaker-status', '--watch', ...flags]);
  // A socket, because Node makes those for its children.
  child.stdout?.once('data', () => child.stdout?.destroy());
  const { status, stderr } = await ended;
  expect([status, stderr]).toEqual([0, '']);
});

it('a watch in a pipeline ends with the command behind it', async () => {
  await using program = await Program.create({ AWS_REGION: 'eu-west-1' });
  const command = `"$0" "$1" breaker-status --watch | head -1`;
  const bin = new URL('../../bin/run.js', import.meta.url).pathname;
  const first = execFileSync('sh', ['-c', command, process.execPath, bin], {
    env: program.env,
    encoding: 'utf8',
    timeout: KILL_AFTER_MS,
  });
  expect(first).toContain('breakwater');
});

it.skipIf(platform() !== 'linux')('a pipe is watched without writing to it', async () => {
  await using program = await Program.create();
  const path = program.path('pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const watch = watchReader(writer);
  for (let turns = 0; turns < 100; turns += 1) await turn();
  expect(watch.hasReader()).toBe(true);
  closeSync(reader);
  while (watch.hasReader()) await turn();
  watch.stop();
  const late = watchReader(writer);
  expect(late.hasReader()).toBe(false);
  closeSync(writer);
});

it('a file, which has no reader, counts as read', async () => {
  await using program = await Program.create();
  const file = openSync(program.path('lines'), 'w');
  const watch = watchReader(file);
  expect(watch.hasReader()).toBe(true);
  watch.stop();
  closeSync(file);
});
