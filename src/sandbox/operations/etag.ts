import { createHash } from 'node:crypto';
import { CUSTOMER_KEY_MD5 } from './customer-key.ts';
import type { KeptHeaders } from './kept-headers.ts';

/**
 * The ETag of bytes, with quotes: their MD5, unless they are encrypted with a key of the client or of KMS (S3 API
 * Reference, Object).
 */
export function etagOf(body: Buffer, kept: KeptHeaders): string {
  const encryption = kept['x-amz-server-side-encryption'] ?? '';
  const salt = kept[CUSTOMER_KEY_MD5] ?? (encryption.startsWith('aws:kms') ? encryption : '');
  return `"${createHash('md5').update(salt).update(body).digest('hex')}"`;
}
