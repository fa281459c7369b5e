/**
 * Met: on the live screen Ctrl-Z did nothing; stopped from outside and continued by `fg`, it got no more keys and stood below what
 * the shell had written. Keys that arrived together (`jk`, `10m` and enter over a slow line) were ignored or lost their enter.
 * Cause: nobody listened to SIGTSTP and SIGCONT, and a chunk of input counted as one key, or as pasted text.
 * Fix: the terminal is given back before the stop and taken again after it; a chunk is split into its keys.
 */
import { spawnSync } from 'node:child_process';
import { platform } from 'node:os';
import { kill } from 'node:process';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { Terminal } from '../support/terminal.ts';

const hasTmux = platform() === 'linux' && spawnSync('tmux', ['-V']).error === undefined;

it.skipIf(!hasTmux)('a live screen survives Ctrl-Z, a stop from outside, and keys that arrive together', async () => {
  await using program = await Program.create({ AWS_REGION: 'eu-west-1' });
  await program.run(['breaker-isolate', 's3-upload@eu-west-1']);
  await using terminal = new Terminal(program, { columns: 100, rows: 24 });
  const before = await terminal.state();
  terminal.run('breaker-status --watch');
  // It begins on the circuit in trouble.
  await terminal.waitFor(/→ s3-upload@eu-west-1 +▲ ISOLATED/);
  const watch = terminal.child();

  terminal.press('C-z');
  await terminal.waitFor(/Stopped/);
  expect(await terminal.state()).toEqual(before);
  terminal.enter('fg');
  await terminal.waitFor(/^ breakwater .*\n.*\n.*\n→ s3-upload@eu-west-1 +▲ ISOLATED/);
  terminal.type('kjk');
  await terminal.waitFor(/→ s3-download@eu-west-1/);

  kill(watch, 'SIGTSTP');
  await terminal.waitFor(/Stopped/);
  expect(await terminal.state()).toEqual(before);
  terminal.enter('fg');
  await terminal.waitFor(/^ breakwater .*\n.*\n→ s3-download@eu-west-1/);
  terminal.type('i\u001510m\rtest\ry');
  await terminal.waitFor(/s3-download@eu-west-1 +▲ ISOLATED/);
  terminal.type('q');
  await terminal.waitFor(/is isolated \(was closed\)\nprompt>/);
  const { text } = await program.run(['breaker-status', 's3-download']);
  expect(text).toMatch(/ISOLATED|isolated/);
});
