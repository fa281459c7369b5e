/**
 * Met: with `~/.aws/credentials` unreadable for this user, the error was "Could not load credentials from any providers",
 *   or that there was no such profile.
 * Cause: our reader counts such a file as empty because "the SDK reports the error". It does not: it counts it as empty,
 *   too.
 * Fix: where credentials are missing, a file that is there and cannot be read is named with the system's reason; `config`
 *   says so, too.
 */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';

/** A link to itself cannot be read by anyone, root included. */
async function create(env: Readonly<Record<string, string>>): Promise<Program> {
  const program = await Program.create({ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9', ...env });
  await mkdir(program.path('.aws'));
  await symlink('credentials', program.path('.aws', 'credentials'));
  return program;
}

it.each([{}, { AWS_PROFILE: 'p' }])('names it, with %j', async (env) => {
  await using program = await create(env);
  const { status, stderr } = await program.run(['get', 's3://bucket/key', 'out']);
  expect([status, stderr]).toEqual([
    78,
    expect.stringMatching(/no usable AWS credentials.*: cannot read \S*\/\.aws\/credentials: ELOOP: /),
  ]);
});

it('shows it in config', async () => {
  await using program = await create({ AWS_PROFILE: 'p' });
  const { text } = await program.run(['config']);
  expect(text).toMatch(/^credentials +- .*cannot read \S*\/\.aws\/credentials: ELOOP/m);
});

it('names the program of a readable profile instead', async () => {
  await using program = await create({ AWS_PROFILE: 'p' });
  await writeFile(program.path('.aws', 'config'), '[profile p]\ncredential_process = false\n');
  const { stderr } = await program.run(['get', 's3://bucket/key', 'out']);
  expect(stderr).toContain('its credential_process failed (status 1)');
});
