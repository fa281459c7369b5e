/**
 * Met: `nohup breakwater sweep ... &` was interrupted when the terminal went away.
 * Cause: `nohup` sets SIGHUP to be ignored, but Node resets it before our code runs, and our listener then interrupted.
 * Fix: how `nohup` replaces a terminal (`/dev/null` for writing as standard input, `nohup.out`) tells that it was used.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

it.each([
  ['a hang-up ends what a shell started', '/dev/null', 'r', 'out', true],
  ['a hang-up is ignored where standard input is /dev/null for writing', '/dev/null', 'w', 'out', false],
  ['a hang-up is ignored where standard output is nohup.out', '/dev/null', 'r', 'nohup.out', false],
] as const)('%s', async (_what, stdin, flags, name, ends) => {
  await using program = await Program.create();
  const [input, output] = [openSync(stdin, flags), openSync(program.path(name), 'a')];
  const child = spawn(process.execPath, [BIN, 'metrics', '--serve', '--listen', '0'], {
    cwd: program.directory,
    env: program.env,
    stdio: [input, output, 'pipe'],
  });
  closeSync(input);
  closeSync(output);
  const exit = once(child, 'exit');
  try {
    let said = '';
    for await (const chunk of child.stderr ?? []) {
      said += String(chunk);
      if (said.includes('served at')) break;
    }
    child.kill('SIGHUP');
    if (!ends) {
      // It would have ended by the first; the second proves that the first was handled.
      child.kill('SIGHUP');
      child.kill('SIGTERM');
    }
    expect(await exit).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});
