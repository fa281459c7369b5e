/**
 * Met: behind a TLS proxy with its own authority, S3 worked with `AWS_CA_BUNDLE`, but roles from STS did not.
 * Cause: the SDK's providers made clients of their own, with Node's certificates.
 * Fix: they get the handler of the S3 client.
 */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { canMakeCertificates, makeCertificate } from '../support/certificate.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

it.skipIf(!canMakeCertificates('STS over TLS'))('assumes a role over TLS with AWS_CA_BUNDLE', async () => {
  await using sandbox = await startTestSandbox();
  sandbox.putObject('bucket', 'key', { body: 'x' });
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, ...place } = sandbox.env as Record<string, string>;
  await using program = await Program.create(place);
  const certificate = makeCertificate(program.directory);
  const server = createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
    request.resume();
    response.setHeader('content-type', 'text/xml');
    response.end(`<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>${secret}</SecretAccessKey>
<SessionToken>token</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await writeFile(program.path('token'), 'jwt');
    const env = {
      AWS_WEB_IDENTITY_TOKEN_FILE: program.path('token'),
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/x',
      AWS_ENDPOINT_URL_STS: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_CA_BUNDLE: certificate.path,
    };
    const ended = await program.run(['get', 's3://bucket/key', 'out'], { env });
    expect([ended.status, ended.stderr]).toEqual([0, '']);
    const untrusted = await program.run(['get', 's3://bucket/key', 'out'], {
      env: { ...env, AWS_CA_BUNDLE: undefined },
    });
    expect([untrusted.status, untrusted.stderr]).toEqual([78, expect.stringMatching(/self-signed|certificate/)]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
