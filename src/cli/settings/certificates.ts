import { X509Certificate } from 'node:crypto';
import { BreakwaterError } from '../../errors.ts';
import { readNamedFile, type NamedFile } from './named-file.ts';

const REASON = 'bad_certificates';

/** Certificate authorities in PEM. @throws BreakwaterError `config` for a file that has none, or cannot be read */
export function readCertificates(file: NamedFile): string {
  const text = readNamedFile(file, REASON);
  assertCertificate(text, file.name);
  return text;
}

/** Node itself passes over what is no certificate, and then trusts nobody. */
function assertCertificate(text: string, name: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw new BreakwaterError('config', `the file of ${name} is no certificate`, {
      cause: error,
      details: { reason: REASON, hint: 'it has one or more in PEM' },
    });
  }
}
