/**
 * Met: with keys in the environment, `--profile NAME` printed six lines of the SDK on one, with `\n` spelt out, which said
 *   that AWS_PROFILE was set, and what a future version of the SDK may do.
 * Cause: the SDK's warnings were passed on as they are.
 * Fix: which of the two is used is said in one sentence that names what has set the profile, and not for a flag.
 */
import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { adoptWarning } from '../../src/s3/connection/credentials.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

it('says which credentials are used, unless a flag says so', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = program.env;
  const profile = program.path('credentials');
  await writeFile(
    profile,
    `[good]\naws_access_key_id=${AWS_ACCESS_KEY_ID}\naws_secret_access_key=${AWS_SECRET_ACCESS_KEY}\n`,
  );
  sandbox.putObject('bucket', 'key', { body: 'x' });
  const get = ['get', 's3://bucket/key', '-'];
  const env = { AWS_SHARED_CREDENTIALS_FILE: profile };
  const byFlag = await program.run([...get, '--profile', 'good'], { env });
  expect([byFlag.status, byFlag.stderr]).toEqual([0, expect.not.stringContaining('warning')]);
  const byVariable = await program.run(get, { env: { ...env, AWS_PROFILE: 'good' } });
  expect(byVariable.stderr).toContain(
    'warning: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not used, because AWS_PROFILE names a profile',
  );
});

it('puts any other on one line', () => {
  expect(adoptWarning('@aws-sdk - WARNING:\n    Something else.\n', null)).toBe('@aws-sdk - WARNING: Something else.');
});
