import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether certificates can be made here; says in one line what is skipped where they cannot. */
export function canMakeCertificates(what: string): boolean {
  const can = spawnSync('openssl', ['version']).error === undefined;
  if (!can) console.log(`skipped: ${what} needs openssl to make a certificate`);
  return can;
}

export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** The file that whoever shall trust it is given. */
  readonly path: string;
}

/** Makes a certificate of 127.0.0.1 and localhost that nobody trusts by himself, good for two days. */
export function makeCertificate(directory: string): Certificate {
  const [keyPath, path] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
  const args = `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext ${names}`.split(' ');
  runOpenssl([...args, '-keyout', keyPath, '-out', path]);
  return { key: readFileSync(keyPath), cert: readFileSync(path), path };
}

export interface CertificateChain extends Certificate {
  /** The authority that signed it, which servers do not send along. */
  readonly authority: { readonly cert: Buffer; readonly path: string };
}

/** Makes an authority of its own and a certificate that it signs, as companies do; both good for two days. */
export function makeSignedCertificate(directory: string): CertificateChain {
  const [caKey, caPath, keyPath, requestPath, path, namesPath] = [
    'ca-key.pem',
    'ca.pem',
    'key.pem',
    'request.pem',
    'cert.pem',
    'names',
  ].map((name) => join(directory, name)) as [string, string, string, string, string, string];
  writeFileSync(namesPath, 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  runOpenssl(['req', '-x509', ...key, '-days', '2', '-subj', '/CN=authority', '-keyout', caKey, '-out', caPath]);
  runOpenssl(['req', ...key, '-subj', '/CN=localhost', '-keyout', keyPath, '-out', requestPath]);
  const signing = ['-CA', caPath, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', namesPath];
  runOpenssl(['x509', '-req', '-in', requestPath, ...signing, '-out', path]);
  const authority = { cert: readFileSync(caPath), path: caPath };
  return { key: readFileSync(keyPath), cert: readFileSync(path), path, authority };
}

function runOpenssl(args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args);
  if (status !== 0) throw new Error(`openssl made no certificate: ${stderr.toString()}`);
}
