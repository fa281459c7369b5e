import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

/** A security token service that takes any token and gives the sandbox's credentials. */
async function startTokenService(id: string, secret: string): Promise<{ url: string; server: Server }> {
  const expiration = new Date(Date.now() + 3_600_000).toISOString();
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/xml');
    response.end(
      `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${id}</AccessKeyId>` +
        `<SecretAccessKey>${secret}</SecretAccessKey><SessionToken>token</SessionToken><Expiration>${expiration}</Expiration>` +
        '</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** The build puts each of the SDK's providers into a file of its own, loaded where the environment asks for it. */
describe('credentials', () => {
  it('come from a process that the profile names', async () => {
    await using sandbox = await startTestSandbox();
    sandbox.putObject('bucket', 'key', { body: 'bytes' });
    const { AWS_ACCESS_KEY_ID: id = '', AWS_SECRET_ACCESS_KEY: secret = '', ...env } = sandbox.env;
    await using program = await Program.create(env);
    await mkdir(program.path('.aws'));
    const document = JSON.stringify({ Version: 1, AccessKeyId: id, SecretAccessKey: secret });
    await writeFile(program.path('.aws', 'config'), `[profile job]\ncredential_process = echo '${document}'\n`);

    const ended = await program.run(['get', 's3://bucket/key', '-', '--profile', 'job']);

    expect([ended.status, ended.text]).toEqual([0, 'bytes']);
  });

  it('come from a token service, for the web identity of a pod', async () => {
    await using sandbox = await startTestSandbox();
    sandbox.putObject('bucket', 'key', { body: 'bytes' });
    const { AWS_ACCESS_KEY_ID: id = '', AWS_SECRET_ACCESS_KEY: secret = '', ...env } = sandbox.env;
    const { url, server } = await startTokenService(id, secret);
    try {
      await using program = await Program.create(env);
      await writeFile(program.path('token'), 'a.b.c');

      const ended = await program.run(['get', 's3://bucket/key', '-'], {
        env: {
          AWS_ENDPOINT_URL_STS: url,
          AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/job',
          AWS_WEB_IDENTITY_TOKEN_FILE: program.path('token'),
        },
      });

      expect([ended.status, ended.text]).toEqual([0, 'bytes']);
    } finally {
      server.close();
    }
  });
});
