import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
  const { status, stderr } = spawnSync('openssl', [...args, '-keyout', keyPath, '-out', path]);
  if (status !== 0) throw new Error(`openssl made no certificate: ${stderr.toString()}`);
  return { key: readFileSync(keyPath), cert: readFileSync(path), path };
}
