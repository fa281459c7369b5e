import { BreakwaterError } from '../../errors.ts';
import type { ObjectClient } from '../connection/object-client.ts';

interface Object {
  readonly bucket: string;
  readonly key: string;
}

/**
 * Checks that a store has used the key of `--sse-customer-key-file`. S3 says so in every response (API reference,
 * PutObject); OpenStack Swift ignores the key, and would keep the bytes as they are without a word.
 * @param algorithm the store's, in its response
 * @throws BreakwaterError `config`, which ends a run over many objects
 */
export function assertEncrypted(
  { customerKey }: Pick<ObjectClient, 'customerKey'>,
  { bucket, key }: Object,
  algorithm: string | undefined,
): void {
  if (customerKey === null || algorithm !== undefined) return;
  throw new BreakwaterError(
    'config',
    `put s3://${bucket}/${key}: the store ignores the key, and encrypts nothing with it`,
    {
      details: {
        reason: 'key_ignored',
        hint: 'delete what was stored if it must not be readable: this store does not support --sse-customer-key-file',
      },
    },
  );
}
