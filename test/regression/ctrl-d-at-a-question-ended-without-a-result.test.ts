/**
 * Met: Ctrl-D at `delete 3 objects? [y/N]` ended the process with status 13 and without a word; a script saw neither
 *   yes nor no.
 * Cause: a question of readline stays pending for good when its input ends, so that nothing was left to do.
 * Fix: the end of the input is a no.
 */
import { PassThrough } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import type { CommandRun } from '../../src/cli/command-run.ts';
import { confirm } from '../../src/cli/output/confirm.ts';

afterEach(() => vi.restoreAllMocks());

it.each([
  ['at once', ''],
  ['after a word that no line end has confirmed', 'y'],
])('is a no %s, and what follows begins at the margin', async (_when, typed) => {
  let asked = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    asked += String(text);
    return true;
  });
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  stdin.end(typed);
  // The few parts of a run that asking touches.
  const run = {
    command: 'sweep',
    stdin,
    output: { mode: { stderrIsTerminal: true, json: false } },
    signal: new AbortController().signal,
  } as unknown as CommandRun;
  expect(await confirm(run, 'delete 3 objects?')).toBe(false);
  expect(asked).toBe('delete 3 objects? [y/N] \n');
});
