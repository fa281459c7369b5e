import { createHash } from 'node:crypto';

/** What all requests of a command say beyond their operation, and what they leave out. */
export interface ObjectAccess {
  /** Agrees to pay for requests to buckets whose requester pays (S3 User Guide, "Requester Pays buckets"). */
  readonly isRequesterPaying: boolean;
  /** The key for server-side encryption with a key of the user's own (SSE-C); null for none. */
  readonly customerKey: CustomerKey | null;
  /** Send checksums also where the protocol does not demand one; some stores refuse their headers. */
  readonly sendsChecksums: boolean;
  /** Ask for the checksums that the store keeps; some stores refuse that header. */
  readonly asksForChecksums: boolean;
}

/** A key for AES-256. Its bytes are never printed and never stored. */
export interface CustomerKey {
  readonly bytes: Uint8Array;
  /** Tells two keys apart, without a way back to them. */
  readonly hash: string;
}

export const PLAIN_ACCESS: ObjectAccess = {
  isRequesterPaying: false,
  customerKey: null,
  sendsChecksums: true,
  asksForChecksums: true,
};

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

/** The parts of an HTTP request that change. */
interface ShapedRequest {
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/** @param operation its name in the API reference */
type ShapeRequest = (operation: string, request: ShapedRequest) => void;

/** Changes the headers of a request to what an access demands, before it is signed. */
export function createRequestShape(access: ObjectAccess): ShapeRequest {
  const { isRequesterPaying, customerKey, sendsChecksums, asksForChecksums } = access;
  const payer: Headers = isRequesterPaying ? { 'x-amz-request-payer': 'requester' } : {};
  const withKey = customerKey === null ? payer : { ...payer, ...createKeyHeaders(customerKey) };
  return (operation, request) => {
    const { headers } = request;
    Object.assign(headers, TAKES_KEY.has(operation) ? withKey : payer);
    if (!asksForChecksums) Reflect.deleteProperty(headers, 'x-amz-checksum-mode');
    if (!sendsChecksums && operation === 'DeleteObjects') replaceByMd5(request);
  };
}

/** S3 demands one of the two (API reference, DeleteObjects), and every store knows the older one. */
function replaceByMd5({ headers, body }: ShapedRequest): void {
  if (typeof body !== 'string') return;
  const newer = Object.keys(headers).filter((name) => /^x-amz-(?:sdk-)?checksum-/.test(name));
  for (const name of newer) Reflect.deleteProperty(headers, name);
  headers['content-md5'] = createHash('md5').update(body).digest('base64');
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
