/**
 * Met: a `credential_process`, a metadata server or an STS that never answered hung every command for ever, deaf to
 * `--deadline` and to signals. Why there were no credentials was not said. A token with a line end added a header.
 * Cause: the SDK's providers have no time limit, and its answer was awaited before anything that can be aborted.
 * Fix: one provider with a limit (`--credentials-timeout`), the command's signal, the reason, and a check of the keys.
 */
import { createServer, type AddressInfo } from 'node:net';
import { writeFile, mkdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Program, readDocument, type Ended } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const CONFIG = `[profile silent]
credential_process = sh -c "sleep 20"
[profile failing]
credential_process = sh -c "echo the session has expired >&2; exit 3"
[profile my dev]
`;

async function run(env: Readonly<Record<string, string>>, ...flags: readonly string[]): Promise<Ended> {
  await using sandbox = await startTestSandbox();
  sandbox.putObject('bucket', 'key', { body: 'x' });
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, ...place } = sandbox.env as Record<string, string>;
  await using program = await Program.create({ ...place, ...env });
  await mkdir(program.path('.aws'));
  await writeFile(
    program.path('.aws', 'config'),
    `${CONFIG}aws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`,
  );
  return await program.run(['get', 's3://bucket/key', 'out', '--json', ...flags]);
}

it.each([
  ['--credentials-timeout=200ms', 78, 'config'],
  ['--deadline=200ms', 75, 'deadline'],
] as const)('a program that never ends, with %s', async (flag, status, code) => {
  const ended = await run({ AWS_PROFILE: 'silent' }, flag);
  expect([ended.status, readDocument(ended).error?.['code']]).toEqual([status, code]);
  expect(ended.durationMs).toBeLessThan(15_000);
});

it('a server that never answers', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/` };
  const ended = await run(env, '--credentials-timeout=200ms');
  expect([ended.status, ended.stderr]).toEqual([78, expect.stringContaining('--credentials-timeout')]);
  server.close();
});

it.each([
  [
    'failing',
    /debug: .*the session has expired.*\n(.*\n)*.*credentials in profile "failing": its credential_process failed/,
  ],
  ['missing', /credentials in profile "missing": .*missing/],
])('says why there are none in the profile %s', async (profile, says) => {
  const ended = await run({ AWS_PROFILE: profile }, '--verbose');
  expect([ended.status, ended.stderr]).toEqual([78, expect.stringMatching(says)]);
  expect(ended.stderr).toMatch(/debug: credentials: /);
});

it('finds a profile whose name has a blank', async () => {
  expect((await run({ AWS_PROFILE: 'my dev' })).status).toBe(0);
});

it.each([
  [{ AWS_SESSION_TOKEN: 'tok\u010d\u010aX-Injected: yes' }, 'AWS_SESSION_TOKEN'],
  [{ AWS_SECRET_ACCESS_KEY: 'hush\r' }, 'AWS_SECRET_ACCESS_KEY'],
  [{ AWS_REGION: 'eu-west-1\r' }, 'AWS_REGION'],
  [{ AWS_REGION: '../x' }, 'AWS_REGION'],
])('refuses %j', async (bad, name) => {
  const env = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example', ...bad };
  const ended = await run(env);
  expect([ended.status, ended.stderr]).toEqual([78, expect.stringContaining(name)]);
  expect(ended.stderr).not.toMatch(/hush|Injected/);
});
