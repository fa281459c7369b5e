import { CHECKSUM_ALGORITHMS, Refusal, type SandboxOperation } from './wire.ts';

/** On every request. No bucket is requester-pays, so that its header has no effect, as in S3. */
const COMMON = [
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-request-payer',
  'x-amz-security-token',
  'x-amz-user-agent',
];

const CUSTOMER_KEY = ['algorithm', 'key', 'key-md5'].map((name) => `x-amz-server-side-encryption-customer-${name}`);

/** What describes a new object. A name that ends in a hyphen stands for all that begin with it. */
const PLACEMENT = [
  'x-amz-acl',
  'x-amz-meta-',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-storage-class',
];
const BODY_CHECKS = [
  ...CHECKSUM_ALGORITHMS.map((algorithm) => `x-amz-checksum-${algorithm}`),
  'x-amz-decoded-content-length',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-trailer',
];
const READ_CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];
const WRITE_CONDITIONS = ['if-match', 'if-none-match'];
const READ = [...CUSTOMER_KEY, ...READ_CONDITIONS, 'range', 'x-amz-checksum-mode'];

/** The headers that each operation honours, beyond the common ones. */
const HONOURED: Readonly<Partial<Record<SandboxOperation, readonly string[]>>> = {
  CreateBucket: ['x-amz-acl', ...BODY_CHECKS],
  PutBucketVersioning: BODY_CHECKS,
  DeleteObjects: BODY_CHECKS,
  PutObject: [...PLACEMENT, ...CUSTOMER_KEY, ...BODY_CHECKS, ...WRITE_CONDITIONS, 'x-amz-tagging'],
  CopyObject: [
    ...PLACEMENT,
    ...WRITE_CONDITIONS,
    ...READ_CONDITIONS.map((name) => `x-amz-copy-source-${name}`),
    'x-amz-checksum-algorithm',
    'x-amz-copy-source',
    'x-amz-metadata-directive',
  ],
  GetObject: READ,
  HeadObject: READ,
  DeleteObject: ['if-match'],
  CreateMultipartUpload: [
    ...PLACEMENT,
    ...CUSTOMER_KEY,
    'x-amz-checksum-algorithm',
    'x-amz-checksum-type',
    'x-amz-tagging',
  ],
  UploadPart: [...CUSTOMER_KEY, ...BODY_CHECKS],
  ListParts: CUSTOMER_KEY,
  CompleteMultipartUpload: [
    ...CUSTOMER_KEY,
    ...BODY_CHECKS,
    ...WRITE_CONDITIONS,
    'x-amz-checksum-type',
    'x-amz-mp-object-size',
  ],
};

/** Headers of which S3 knows one value. */
const ONLY_VALUES: ReadonlyMap<string, string> = new Map([
  ['x-amz-checksum-mode', 'ENABLED'],
  ['x-amz-request-payer', 'requester'],
]);

/** Headers that change what a request means. Ignoring one could delete or overwrite what its sender meant to keep. */
const DECISIVE = /^(?:x-amz-|if-|range$|content-range$)/;

/**
 * Refuses a request with a header, or a value, that its operation would ignore.
 * @throws Refusal `NotImplemented`
 */
export function checkHeaders(operation: SandboxOperation, headers: ReadonlyMap<string, string>): void {
  const honoured = [...COMMON, ...(HONOURED[operation] ?? [])];
  for (const [name, value] of headers) {
    if (!DECISIVE.test(name)) continue;
    if (value !== (ONLY_VALUES.get(name) ?? value)) {
      throw new Refusal('NotImplemented', `The header ${name} is not implemented here with this value`);
    }
    if (honoured.some((known) => (known.endsWith('-') ? name.startsWith(known) : name === known))) continue;
    throw new Refusal('NotImplemented', `The header ${name} is not implemented here for ${operation}`);
  }
}
