import { X509Certificate } from 'node:crypto';
import { BreakwaterError } from '../../errors.ts';
import { readRegularFile } from '../../files/read-regular-file.ts';
import { explainSystemError } from '../../files/system-error.ts';

const BAD_CERTIFICATES = 'bad_certificates';

/** A file and the setting that names it: a flag, a variable or a profile field. */
export interface NamedFile {
  readonly name: string;
  readonly path: string;
}

/**
 * Reads a file that a setting names.
 * @param reason the `reason` in the error's details
 * @throws BreakwaterError `config` if it cannot be read
 */
export function readNamedFile({ name, path }: NamedFile, reason: string): string {
  try {
    return readRegularFile(path);
  } catch (error) {
    const why = explainSystemError(error);
    throw new BreakwaterError('config', `the file of ${name} cannot be read${why === null ? '' : `: ${why}`}`, {
      cause: error,
      details: { reason, hint: 'check the path and its permissions; it must be a regular file' },
    });
  }
}

/**
 * Reads PEM certificate authorities from a file that a setting names.
 * @throws BreakwaterError `config` if it cannot be read or is not a certificate
 */
export function readCertificates(file: NamedFile): string {
  const text = readNamedFile(file, BAD_CERTIFICATES);
  try {
    // Node ignores text that is not a certificate, and would then trust no server.
    void new X509Certificate(text);
    return text;
  } catch (error) {
    throw new BreakwaterError('config', `the file of ${file.name} is not a certificate`, {
      cause: error,
      details: { reason: BAD_CERTIFICATES, hint: 'use a file with one or more certificates in PEM' },
    });
  }
}
