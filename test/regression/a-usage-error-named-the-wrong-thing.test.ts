/**
 * Met: `put FILE` missed its "SOURCE"; `breakwater --foo` had "no command", `--foo put ...` was an unknown command, and so was a
 * setting without a command; `metrics x` was "command metrics:x"; `--part-size 8M`, as other tools write it, was refused.
 * Cause: the messages were those of the parser, which fills arguments from the end and knows no flags before a command.
 * Fix: the missing argument is found from what was given, flags before the command are looked up, and a letter is a binary unit.
 */
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';

it.each([
  ['put file', 'missing argument DEST', 'see breakwater put --help'],
  ['put -r directory --quiet', 'missing argument DEST', 'see breakwater put --help'],
  ['put s3://bucket/key', 'missing argument SOURCE', 'see breakwater put --help'],
  ['put', 'missing argument SOURCE DEST', 'see breakwater put --help'],
  ['put a b', '"b" is not an S3 URL', 'the last argument is the destination: breakwater put SOURCE... s3://bucket/key'],
  ['get --recursive', 'missing argument SOURCE', 'see breakwater get --help'],
  ['--foo', 'unknown flag --foo', 'see breakwater --help'],
  ['--foo=hunter2 put a s3://bucket/', 'unknown flag --foo', 'see breakwater --help'],
  ['--json --regoin x put a', 'unknown flag --regoin', 'did you mean --region? see breakwater --help'],
  ['-r put a s3://bucket/', '-r stands before the command that it belongs to', /: breakwater put -r$/],
  ['--watch', '--watch stands before the command that it belongs to', /: breakwater breaker-status --watch$/],
  ['--retries 3', 'no command is given', 'see breakwater --help'],
  ['metrics x', 'metrics takes no arguments', 'see breakwater metrics --help'],
  ['put file s3://bucket/ --part-size 8M', 'file does not exist', 'check the path'],
  ['put file s3://bucket/ --part-size 8Q', /"8Q" is not accepted/, /--part-size/],
])('%s: %s', async (line, message, hint) => {
  await using program = await Program.create({ AWS_REGION: 'eu-west-1', BREAKWATER_JSON: 'true' });
  const { text, status } = await program.run(line.split(' '));
  const { error } = JSON.parse(text) as { error: { message: string; hint: string } };
  expect([66, 2]).toContain(status);
  expect(error.message).toMatch(message);
  expect(error.hint).toMatch(hint);
});
