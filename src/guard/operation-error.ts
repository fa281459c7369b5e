import { BreakwaterError, type ErrorCode } from '../errors.ts';
import type { RetryChainFailed } from '../retry/retry-chain.ts';
import { OPERATIONS, type OperationTarget } from '../operations.ts';
import { lookUp } from '../read-fields.ts';

/** The error that the user sees for a failed operation, with S3's status, code and request id. */
export function operationError(target: OperationTarget, chain: RetryChainFailed): BreakwaterError {
  const { failure, attempts, why } = chain;
  const code: ErrorCode = why === 'deadline' ? 'deadline' : failure.errorCode;
  const message = `${formatTarget(target)} failed: ${formatCode(failure.code, failure.message)}${ENDINGS[why]}`;
  const hint = lookUp(HINTS_BY_FAILURE, failure.code) ?? HINTS[code];
  return new BreakwaterError(code, message, {
    cause: chain.refusal ?? chain.cause,
    details: {
      attempts,
      ...(failure.httpStatus === null ? {} : { httpStatus: failure.httpStatus }),
      ...(failure.requestId === null ? {} : { requestId: failure.requestId }),
      ...(isS3Code(failure.code) ? { s3Code: failure.code } : { reason: failure.code }),
      ...(hint === undefined ? {} : { hint }),
    },
  });
}

/** Added to the message, by why the chain ended. */
const ENDINGS: Readonly<Record<RetryChainFailed['why'], string>> = {
  permanent: '',
  exhausted: '',
  deadline: '; the next attempt does not fit before the deadline',
  abandoned: '; not retried, because the circuit has opened meanwhile',
};

/** `put s3://bucket/key`, for messages. */
export function formatTarget({ operation, bucket, key }: OperationTarget): string {
  return `${OPERATIONS[operation].verb} s3://${bucket}/${key ?? ''}`;
}

/** S3's codes are CamelCase; ours are snake_case. */
function isS3Code(code: string): boolean {
  return /^[A-Z][A-Za-z]+$/.test(code);
}

function formatCode(code: string, message: string): string {
  // If a store sends no text, the SDK writes `UnknownError`.
  const isEmpty = message === '' || message === 'UnknownError' || message === code;
  return isEmpty ? code : `${code}: ${message}`;
}

const HINTS: Partial<Readonly<Record<ErrorCode, string>>> = {
  unavailable: 'S3 may be down: see breakwater breaker-status, then try again',
  not_found: 'check the bucket and the key',
  access_denied: 'check the credentials and their permissions',
  rejected: 'a retry will not help: check that this store supports the request',
  checksum_mismatch: 'the data changed in transit: try again, and check the network path if this persists',
  object_changed: 'the object was replaced meanwhile: run the command again',
  deadline: 'allow more time with --deadline',
};

const NOT_TLS = 'nothing speaks TLS there: check the scheme (http or https) and the port of --endpoint-url';
const UNKNOWN_AUTHORITY = 'set AWS_CA_BUNDLE to the file of its certificate authority';

const HINTS_BY_FAILURE: Readonly<Record<string, string>> = {
  InvalidObjectState: 'the object is archived: restore it first, for example with aws s3api restore-object',
  NoSuchBucket: 'check the bucket name, the region and the endpoint',
  InvalidBucketName: 'bucket names are 3 to 63 lower-case letters, digits, dots and hyphens',
  RequestTimeTooSkewed: "set this machine's clock: it differs too much from the store's",
  AuthorizationHeaderMalformed: "this is not the bucket's region: set --region",
  PermanentRedirect: 'the bucket is in another region: set --region',
  TemporaryRedirect: 'the bucket is at another host: name that one with --endpoint-url, or set --region',
  EndpointError: 'check the bucket name, --region and --endpoint-url',
  ExpiredToken: 'the credentials have expired: refresh them',
  not_s3: 'this is not an S3 response: check --endpoint-url, and look for a proxy or login page in between',
  host_not_found: 'check the host name in --endpoint-url, or the network',
  connection_refused: 'nothing is listening there: check --endpoint-url',
  http_302: 'this redirects elsewhere, which S3 does not: check --endpoint-url, and look for a login page',
  http_400: 'check --endpoint-url and its scheme (http or https): a store says more than that',
  http_407: 'a proxy in between asks for credentials: put them in the URL of HTTPS_PROXY or HTTP_PROXY',
  http_413: 'something before S3 refuses bodies of this size: lower --part-size, or raise its limit',
  ERR_SSL_WRONG_VERSION_NUMBER: NOT_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NOT_TLS,
  EPROTO: NOT_TLS,
  EMFILE: 'raise the limit of open files (ulimit -n), or lower --concurrency',
  ENFILE: 'this machine has too many open files',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
};
