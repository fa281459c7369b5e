/**
 * Met: a fleet whose certificate a private authority had signed was reported as `connection_closed`, and one that requires
 * client certificates as that, or as "its answer is not that of Redis".
 * Cause: Node's UNABLE_TO_VERIFY_LEAF_SIGNATURE was not among the codes of certificates; with TLS 1.3 the refusal comes
 * after the handshake, when the client only says that the connection is closed.
 * Fix: all of Node's codes, in one list with those of S3; an alert of the server is `tls_failed`, whenever it comes.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { isCertificateCode } from '../../src/certificate-codes.ts';
import { explainFleetFailure } from '../../src/breaker/explain-fleet-failure.ts';
import { toFleetFailure } from '../../src/fleet/to-fleet-failure.ts';
import { canMakeCertificates, makeSignedCertificate } from '../support/certificate.ts';
import { findFreePort } from '../support/debian-server.ts';
import { ENGINES, startRedis } from '../support/redis-server.ts';
import { openTestFleet } from '../support/test-fleet.ts';

const HAS_CERTIFICATES = canMakeCertificates('a fleet with a private authority');

async function codeOf(url: string, certificates: string | null = null): Promise<unknown> {
  const fleet = openTestFleet(url, { certificates });
  try {
    return await fleet.read(['s3-upload']);
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  } finally {
    fleet.close();
  }
}

describe.runIf(HAS_CERTIFICATES)('a server with a private authority', () => {
  const directory = mkdtempSync(join(tmpdir(), 'breakwater-authority-'));
  const { cert, key, path, authority } = HAS_CERTIFICATES
    ? makeSignedCertificate(directory)
    : { cert: '', key: '', path: '', authority: { cert: Buffer.from(''), path: '' } };
  afterAll(() => rmSync(directory, { recursive: true }));

  it('that sends its own certificate alone is not trusted', async () => {
    const server = createServer({ cert, key }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await codeOf(`rediss://127.0.0.1:${port}`)).toBe('not_trusted');
    server.close();
  });

  it.runIf(ENGINES.includes('redis-server')).each(['TLSv1.2', 'TLSv1.3'])(
    'that requires a client certificate says so over %s',
    async (version) => {
      const port = await findFreePort();
      const files = ['--tls-cert-file', path, '--tls-key-file', join(directory, 'key.pem')];
      const required = ['--tls-ca-cert-file', authority.path, '--tls-auth-clients', 'yes', '--tls-protocols', version];
      await using _engine = await startRedis('redis-server', ['--tls-port', String(port), ...files, ...required]);
      expect(await codeOf(`rediss://localhost:${port}`, authority.cert.toString())).toBe('tls_failed');
    },
  );
});

it.each([
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', true],
  ['INVALID_CA', true],
  ['HOSTNAME_MISMATCH', true],
  ['ERR_TLS_CERT_ALTNAME_INVALID', true],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', false],
  ['ECONNRESET', false],
])('%s is a matter of trust: %s', (code, isTrust) => {
  expect(isCertificateCode(code)).toBe(isTrust);
});

it.each([
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tls_failed'],
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'tls_failed'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'bad_answer'],
])('%s is named %s', (code, named) => {
  expect(toFleetFailure(Object.assign(new Error('x'), { code })).code).toBe(named);
});

it('is explained with what to do', () => {
  const target = { name: 'rediss://h:6379/0' };
  expect(explainFleetFailure(target, 'not_trusted')).toContain('--fleet-ca');
  expect(explainFleetFailure(target, 'tls_failed')).toContain('client certificate');
});
