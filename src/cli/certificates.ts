import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { BreakwaterError } from '../errors.ts';

/** A file, and what names it: a flag, a variable, a field of a profile. */
export interface NamedFile {
  readonly name: string;
  readonly path: string;
}

/** Certificate authorities in PEM. @throws BreakwaterError `config` for a file that has none, or cannot be read */
export function readCertificates({ name, path }: NamedFile): string {
  const text = readText({ name, path });
  assertCertificate(text, name);
  return text;
}

function readText({ name, path }: NamedFile): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw refuse(`the file of ${name} cannot be read`, 'check the path and its permissions', error);
  }
}

/** Node itself passes over what is no certificate, and then trusts nobody. */
function assertCertificate(text: string, name: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw refuse(`the file of ${name} is no certificate`, 'it has one or more in PEM', error);
  }
}

function refuse(message: string, hint: string, cause: unknown): BreakwaterError {
  return new BreakwaterError('config', message, { cause, details: { reason: 'bad_certificates', hint } });
}
