import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { readCertificates, type NamedFile } from '../settings/named-file.ts';
import type { CertificateFacts } from './judge-network.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Counts the certificates of a file. @throws BreakwaterError `config` if it has none */
export function measureCertificates(file: NamedFile, { now }: Pick<Clock, 'now'>): CertificateFacts {
  const texts = readCertificates(file).match(CERTIFICATE) ?? [];
  const expired = texts.filter((text) => isExpired(text, now()));
  return { setBy: file.name, path: file.path, count: texts.length, expired: expired.length };
}

/** One that cannot be read is no use either. */
function isExpired(text: string, nowMs: number): boolean {
  try {
    return new X509Certificate(text).validToDate.getTime() < nowMs;
  } catch {
    return true;
  }
}
