/*
 * Met: `BREAKWATER_PROFILE=redis://:secret` was quoted with its password where no credentials were found, `//u:pw@h` and
 * `s3://key:secret@bucket/key` as an argument, a name of a file or a bucket of the sandbox, and `u:pw@h` as a choice.
 * Cause: each place that quotes a value hid credentials in its own way or not at all; forms without @, scheme or host were unknown.
 * Fix: all go through `quoteGiven`, or `maskCredentials` for paths, which know these forms. This test gives every flag and
 * argument of every command such a value.
 */
import type { Command } from '@oclif/core/command';
import { expect, it } from 'vitest';
import { toBreakwaterError } from '../../src/cli/flags/usage-error.ts';
import BreakerIsolate from '../../src/commands/breaker-isolate.ts';
import BreakerReset from '../../src/commands/breaker-reset.ts';
import BreakerStatus from '../../src/commands/breaker-status.ts';
import Completion from '../../src/commands/completion.ts';
import Doctor from '../../src/commands/doctor.ts';
import Get from '../../src/commands/get.ts';
import Metrics from '../../src/commands/metrics.ts';
import Put from '../../src/commands/put.ts';
import Sandbox from '../../src/commands/sandbox.ts';
import Sweep from '../../src/commands/sweep.ts';
import { maskCredentials } from '../../src/mask-credentials.ts';
import { runInProcess } from '../support/in-process.ts';
import { createTestState, type TestState } from '../support/state.ts';

const VALUES = ['redis://:hunter2', '//u:hunter2@h', 's3://u:hunter2@bucket/key', 'u:hunter2@h:6379'];

type Runnable = Parameters<typeof runInProcess>[0] & Pick<typeof Command, 'baseFlags' | 'flags'>;

const COMMANDS: readonly (readonly [Runnable, readonly string[]])[] = [
  [BreakerIsolate, ['s3-upload']],
  [BreakerReset, ['s3-upload']],
  [BreakerStatus, ['s3-upload']],
  [Completion, ['bash']],
  [Get, ['s3://bucket/key', '/nonexistent/file']],
  [Metrics, []],
  [Put, ['package.json', 's3://bucket/key']],
  [Sweep, ['s3://bucket/a/', '--older-than=1d', '--dry-run']],
];

async function outputOf(state: TestState, command: Runnable, words: readonly string[]): Promise<string> {
  const env = {
    BREAKWATER_STATE_DIR: state.directory,
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
    AWS_REGION: 'eu-west-1',
    BREAKWATER_RETRIES: '0',
  };
  try {
    const { stdout, stderr } = await runInProcess(command, words, { env, home: '/nonexistent' });
    return `${stdout.toString()}${stderr}`;
  } catch (error) {
    const { message, details } = toBreakwaterError(error, { command: null, flags: [] });
    return `${message} ${details.hint}`;
  }
}

/** Each line with one word replaced by the value, and with each flag that takes one. */
function linesWith(value: string, command: Runnable, words: readonly string[]): readonly (readonly string[])[] {
  const places = words.flatMap((word, at) => (word.startsWith('--') ? [] : [at]));
  // The state is where it is said to be, and a reason is any text.
  const flags = Object.entries({ ...command.baseFlags, ...command.flags }).filter(
    ([name, { type }]) => type === 'option' && !['state-dir', 'reason', 'allow-host'].includes(name),
  );
  return [...places.map((at) => words.with(at, value)), ...flags.map(([name]) => [...words, `--${name}=${value}`])];
}

it.each(VALUES)('%s is never printed as a value of any flag or an argument', async (value) => {
  await using state = await createTestState();
  for (const [command, words] of COMMANDS) {
    for (const line of linesWith(value, command, words)) {
      expect([line, await outputOf(state, command, line)]).toEqual([line, expect.not.stringContaining('hunter2')]);
    }
  }
  const others: (readonly [Runnable, string])[] = [
    [Sandbox, `--versioned=${value}`],
    [Sandbox, `--seed=${value}`],
    [Sandbox, `--fault=${value}`],
    [Doctor, `--profile=${value}`],
    [Doctor, value],
  ];
  for (const [command, word] of others) {
    const words = command === Sandbox ? ['--port=0', word] : [word];
    expect([word, await outputOf(state, command, words)]).toEqual([word, expect.not.stringContaining('hunter2')]);
  }
});

it.each([
  'a:b@c/d',
  '//server/share/a',
  's3://bucket/a:b@c',
  's3://arn:aws:s3:eu-west-1:1:accesspoint/name/a@b',
  'http://127.0.0.1:9000/a:b',
  './a//b:c@d',
  'arn:aws:sts::123456789012:assumed-role/deploy/me@example.com',
  'C:\\Users\\me@work',
  'D:/backups/me@example.com',
  'backup-2026-11-29T12:00:00@host.tar',
  'backup 23:30@host',
  's3-upload@127.0.0.1:9000',
])('%s has no credentials', (word) => {
  expect(maskCredentials(word)).toBe(word);
});
