/**
 * Met: `config --profile nope` showed `credentials  ***  profile "nope"`, also for a profile without keys: `***` reads as a secret
 *   that is there. Keys in the default profile were "not set".
 * Cause: a named profile counted as credentials.
 * Fix: the names of its fields are looked at, as `doctor` does, and what is lacking is said in place of `***`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';

const KEYS = 'aws_access_key_id=hunter2\naws_secret_access_key=hunter2\n';

it.each<[string, Record<string, string>, RegExp, string | null]>([
  ['config --profile nope', {}, /^credentials +- +profile "nope" \(--profile\): there is no profile "nope"$/m, null],
  ['config', { AWS_PROFILE: 'bare' }, /^credentials +- +profile "bare" \(AWS_PROFILE\): it names no keys/m, null],
  ['config', { AWS_PROFILE: 'half' }, /^credentials +- +.*: it lacks aws_secret_access_key$/m, null],
  ['config', { AWS_PROFILE: 'full' }, /^credentials +\*{3} +profile "full" \(AWS_PROFILE\)$/m, '***'],
  ['config', {}, /^credentials +\*{3} +profile "default"$/m, '***'],
  ['config', { AWS_SHARED_CREDENTIALS_FILE: '/dev/null' }, /^credentials +- +not set$/m, null],
])('%s, %j', async (line, env, row, value) => {
  await using program = await Program.create({ AWS_REGION: 'eu-west-1', ...env });
  await mkdir(program.path('.aws'));
  await writeFile(program.path('.aws/config'), '[profile bare]\nregion=r\n[profile half]\naws_access_key_id=hunter2\n');
  await writeFile(program.path('.aws/credentials'), `[default]\n${KEYS}[full]\n${KEYS}`);
  const { status, text } = await program.run(line.split(' '));
  expect([status, text]).toEqual([0, expect.stringMatching(row)]);
  const document = readDocument(await program.run([...line.split(' '), '--json']));
  expect(document).toMatchObject({ aws: { credentials: { value } } });
  expect(`${text}${JSON.stringify(document)}`).not.toContain('hunter2');
});
