/**
 * Met: with a named pipe that nobody writes to as the file of a web identity's token, or of a container's, every command
 *   hung for ever, deaf to `--deadline`, `--credentials-timeout` and signals.
 * Cause: the SDK reads the one in a call that blocks, and the other on a thread that Node waits for when it ends.
 * Fix: tokens are read from regular files alone.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';

const ROLE = 'arn:aws:iam::123456789012:role/x';
const CONFIG = `[profile own]
role_arn = ${ROLE}
web_identity_token_file = PIPE
[profile by-another]
role_arn = ${ROLE}
source_profile = own
`;

it.each([
  { AWS_WEB_IDENTITY_TOKEN_FILE: 'PIPE', AWS_ROLE_ARN: ROLE },
  { AWS_PROFILE: 'own' },
  { AWS_PROFILE: 'by-another' },
  { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: 'PIPE', AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9/' },
])('%j', async (env) => {
  await using program = await Program.create({ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9', AWS_REGION: 'us-east-1' });
  const pipe = program.path('pipe');
  execFileSync('mkfifo', [pipe]);
  await mkdir(program.path('.aws'));
  await writeFile(program.path('.aws', 'config'), CONFIG.replace('PIPE', pipe));
  const named = Object.entries(env).map(([name, value]) => [name, value.replace('PIPE', pipe)]);
  const options = { env: Object.fromEntries(named), killAfterMs: 20_000 };
  const { status, stderr } = await program.run(['get', 's3://bucket/key', 'out'], options);
  expect([status, stderr]).toEqual([78, expect.stringContaining(`cannot read ${pipe}: it is not a regular file`)]);
});
