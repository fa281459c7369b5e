import { createHash } from 'node:crypto';

/** What requests say about who may read an object, and who pays for it. */
export interface ObjectAccess {
  /** Agrees to pay for requests to buckets whose requester pays (S3 User Guide, "Requester Pays buckets"). */
  readonly isRequesterPaying: boolean;
  /** The key for server-side encryption with a key of the user's own (SSE-C); null for none. */
  readonly customerKey: CustomerKey | null;
}

/** A key for AES-256. Its bytes are never printed and never stored. */
export interface CustomerKey {
  readonly bytes: Uint8Array;
  /** Tells two keys apart, without a way back to them. */
  readonly hash: string;
}

export const PLAIN_ACCESS: ObjectAccess = { isRequesterPaying: false, customerKey: null };

/** The operations that take the key (S3 API reference). S3 needs it again for each request about the object's bytes. */
const TAKES_KEY: ReadonlySet<string> = new Set([
  'GetObject',
  'HeadObject',
  'PutObject',
  'CreateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'ListParts',
]);

type Headers = Readonly<Record<string, string>>;

/**
 * The headers of an access, by operation.
 * @returns a function of the operation's name in the API reference
 */
export function createAccessHeaders({ isRequesterPaying, customerKey }: ObjectAccess): (operation: string) => Headers {
  const payer: Headers = isRequesterPaying ? { 'x-amz-request-payer': 'requester' } : {};
  const withKey = customerKey === null ? payer : { ...payer, ...createKeyHeaders(customerKey) };
  return (operation) => (TAKES_KEY.has(operation) ? withKey : payer);
}

/** @param bytes 32 of them */
export function createCustomerKey(bytes: Uint8Array): CustomerKey {
  return { bytes, hash: createHash('sha256').update(bytes).digest('hex') };
}

function createKeyHeaders({ bytes }: CustomerKey): Headers {
  return {
    'x-amz-server-side-encryption-customer-algorithm': 'AES256',
    'x-amz-server-side-encryption-customer-key': Buffer.from(bytes).toString('base64'),
    'x-amz-server-side-encryption-customer-key-md5': createHash('md5').update(bytes).digest('base64'),
  };
}
