/**
 * Met: with a profile `$(touch /tmp/x)` in the AWS files, Tab behind `--profile "` in bash inserted it as it is, and Enter ran it.
 *   Behind `'`, a name with `'` left a broken line; behind `s3-upload@`, the whole name was inserted once more; `completion` and Tab
 *   offered nothing, and `put -- -` and Tab offered flags.
 * Cause: names were quoted only where no quote was open; what readline replaces was guessed for colons alone; the function that
 *   completes fixed words had the name of the one that splits the line; `--` counted as a flag.
 * Fix: the word is read as the shell reads it, and a name is quoted for the quote that is open, from where readline replaces.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bashCompletion } from '../../src/cli/completion/bash-completion.ts';
import { readManifest } from '../../src/cli/help/manifest.ts';
import { Program } from '../support/program.ts';
import { Terminal } from '../support/terminal.ts';

const NAMES = [
  '$(touch ran)',
  'back`touch ran`',
  '"; touch ran; "',
  "it's; touch ran",
  "a'b'$(touch ran)",
  'c\\"d',
  'me@host:1',
  'my role',
];

/** Completes the last of the words, as bash has split them, and prints what the shell reads once it is inserted. */
const BASH = String.raw`
source script.bash
compopt() { :; }
kept=$1 close=$2 COMP_LINE=$3 COMP_POINT=$4
shift 4
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_breakwater
for found in "${'$'}{COMPREPLY[@]}"; do
  eval "set -- $kept$found$close"
  printf '%s\n' "$1"
done
`;

const hasBash = spawnSync('bash', ['--version']).error === undefined;
const hasTmux = platform() === 'linux' && spawnSync('tmux', ['-V']).error === undefined;

let program: Program;

beforeAll(async () => {
  program = await Program.create();
  const root = fileURLToPath(new URL('../..', import.meta.url));
  await writeFile(program.path('script.bash'), bashCompletion(await readManifest(root)));
  await writeFile(program.path('complete.sh'), BASH);
  await writeFile(program.path('names'), `${NAMES.join('\n')}\n`);
  await mkdir(program.path('bin'));
  await writeFile(program.path('bin/breakwater'), '#!/bin/sh\ncat names\n');
  await chmod(program.path('bin/breakwater'), 0o755);
});

afterAll(async () => {
  await program[Symbol.asyncDispose]();
});

interface Typed {
  /** The words before the last one, without the program. */
  readonly words: readonly string[];
  /** The last word, as bash has split it. */
  readonly last: readonly string[];
  /** What readline keeps of the last word, and the quote that it closes it with. */
  readonly kept?: string;
  readonly close?: string;
  /** How many characters stand behind the cursor. */
  readonly behind?: number;
}

/** What the shell reads for each name that is offered. */
function complete({ words, last, kept = '', close = '', behind = 0 }: Typed): readonly string[] {
  const before = ['breakwater', ...words];
  const typed = `${before.join(' ')} ${last.join('')}`;
  const { stdout, stderr } = spawnSync(
    'bash',
    ['complete.sh', kept, close, typed, String(typed.length - behind), ...before, ...last],
    {
      cwd: program.directory,
      env: { ...program.env, PATH: `${program.path('bin')}${delimiter}${program.env['PATH'] ?? ''}` },
      encoding: 'utf8',
    },
  );
  expect(stderr).toBe('');
  expect(existsSync(program.path('ran'))).toBe(false);
  return stdout.split('\n').filter((line) => line !== '');
}

describe.skipIf(!hasBash)('a name that bash completes', () => {
  it.each([
    { typed: 'nothing', words: ['config', '--profile'], last: [''] },
    { typed: '"', words: ['config', '--profile'], last: ['"'], kept: '"', close: '"' },
    { typed: "'", words: ['config', '--profile'], last: ["'"], kept: "'", close: "'" },
    { typed: '--profile="', words: ['config'], last: ['--profile', '=', '"'], kept: '"', close: '"' },
    { typed: "--profile='", words: ['config'], last: ['--profile', '=', "'"], kept: "'", close: "'" },
  ])('is read as text behind $typed', (typed) => {
    expect(complete(typed)).toEqual(NAMES);
  });

  it.each([
    { typed: 'me@', kept: 'me', last: ['me', '@'], name: 'me@host:1' },
    { typed: 'me@host:', kept: 'me@host:', last: ['me', '@host', ':'], name: 'me@host:1' },
    { typed: 'my\\ r', last: ['my\\ r'], name: 'my role' },
    { typed: "i't", kept: "i'", close: "'", last: ["i't"], name: "it's; touch ran" },
    { typed: "'it'\\''s", kept: "'it'\\''", close: "'", last: ["'it'\\''s"], name: "it's; touch ran" },
    // Only what is before the cursor decides which quote is open: the rest would be read as text, or as a quote.
    { typed: "b, before 'ack", last: ["b'ack"], behind: 4, name: 'back`touch ran`' },
    { typed: '"b, before ack"', last: ['"back"'], behind: 4, kept: '"', close: '"', name: 'back`touch ran`' },
    { typed: '"back"', last: ['"back"'], name: 'back`touch ran`' },
    { typed: '"back\\`', kept: '"', close: '"', last: ['"back\\`'], name: 'back`touch ran`' },
  ])('follows $typed', ({ name, ...typed }) => {
    expect(complete({ words: ['config', '--profile'], ...typed })).toEqual([name]);
  });

  it('is a shell behind completion, and nothing behind put --', () => {
    expect(complete({ words: ['completion'], last: [''] })).toEqual(['bash', 'zsh', 'fish']);
    expect(complete({ words: ['put', '--'], last: ['--dry'] })).toEqual([]);
  });
});

it.skipIf(!hasTmux || !hasBash)('a line that a person completes runs no command of a name', async () => {
  await using terminal = new Terminal(program, { columns: 100, rows: 24 });
  // Without a history, which bash would write while the directory is removed.
  terminal.enter('PATH=$PWD/bin:$PATH HISTFILE= exec bash --norc');
  terminal.enter("source script.bash; printf '%s\\n' '$(touch ran)' 'me@host:1' > names; echo ready-$((1 + 1))");
  await terminal.waitFor(/ready-2/);
  terminal.type('breakwater config --profile "$');
  terminal.press('Tab');
  await terminal.waitFor(/--profile "\\\$\(touch ran\)"/);
  terminal.press('Enter');
  terminal.type('breakwater config --profile me@');
  terminal.press('Tab');
  await terminal.waitFor(/--profile me@host:1/);
  expect(existsSync(program.path('ran'))).toBe(false);
});
