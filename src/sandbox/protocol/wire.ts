/** The vocabulary of the sandbox: parsed requests and responses. */

/** The operations that the sandbox implements; others get a 501. */
export const SANDBOX_OPERATIONS = [
  'ListBuckets',
  'CreateBucket',
  'HeadBucket',
  'DeleteBucket',
  'GetBucketLocation',
  'GetBucketVersioning',
  'PutBucketVersioning',
  'ListObjects',
  'ListObjectsV2',
  'ListObjectVersions',
  'ListMultipartUploads',
  'DeleteObjects',
  'PutObject',
  'CopyObject',
  'GetObject',
  'HeadObject',
  'DeleteObject',
  'CreateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
  'ListParts',
] as const;
export type SandboxOperation = (typeof SANDBOX_OPERATIONS)[number];

/**
 * Ways in which real stores differ from S3: Swift requires Content-MD5 on DeleteObjects, older Ceph ignores delete
 * conditions and part numbers, and some stores reject features they do not implement.
 */
export const STORE_QUIRKS = [
  'needs-content-md5',
  'ignores-delete-conditions',
  'refuses-delete-conditions',
  'no-delete-objects',
  'ignores-part-number',
] as const;
export type StoreQuirk = (typeof STORE_QUIRKS)[number];

/** A request whose route, signature and body have been checked. */
export interface WireRequest {
  readonly operation: SandboxOperation;
  /** Empty for ListBuckets. */
  readonly bucket: string;
  /** Empty for operations on buckets. */
  readonly key: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Without any chunk framing. */
  readonly body: Buffer;
  /** The verified checksum from the client's header or trailer; null if none. */
  readonly checksum: Checksum | null;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export const CHECKSUM_ALGORITHMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; with `-N` for a composite of N parts. */
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

/** The HTTP status of each code that the sandbox sends or a fault may use. */
const STATUSES: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  BadDigest: 400,
  BadRequest: 400,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  ConditionalRequestConflict: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  ExpiredToken: 400,
  IllegalVersioningConfigurationException: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidDigest: 400,
  InvalidLocationConstraint: 400,
  InvalidObjectState: 403,
  InvalidPart: 400,
  InvalidPartNumber: 416,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidTag: 400,
  KeyTooLongError: 400,
  MalformedTrailerError: 400,
  MalformedXML: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  RequestTimeout: 400,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  XAmzContentSHA256Mismatch: 400,
};

/** The status that S3 sends with a code; undefined if unknown. */
export function statusOf(code: string): number | undefined {
  return STATUSES[code];
}

interface RefusalDetails {
  readonly headers?: Readonly<Record<string, string>>;
  /** Elements of the error document beyond those that all have. */
  readonly elements?: Readonly<Record<string, string>>;
}

/** An S3 error response. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly elements: Readonly<Record<string, string>>;

  constructor(code: string, message: string, { headers = {}, elements = {} }: RefusalDetails = {}) {
    super(message);
    this.code = code;
    this.status = statusOf(code) ?? 500;
    this.headers = headers;
    this.elements = elements;
  }
}
