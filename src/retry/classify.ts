import type { AttemptFailure, Verdict } from '../circuit/circuit.ts';
import { BreakwaterError, type ErrorCode } from '../errors.ts';
import { lookUp } from '../read-fields.ts';
import { readFailedResponse, type FailedResponse } from './read-failure.ts';

/** The consequences of a failed attempt for the retry chain, the circuit and the user. */
export interface Classification extends AttemptFailure {
  readonly isRetryable: boolean;
  /** S3 asks for fewer requests: the rate limiter slows down, and the user sees it. */
  readonly isThrottled: boolean;
  /** The circuit's verdict if the chain ends with this failure. */
  readonly verdict: Verdict;
  /** The command's error code if the chain ends with this failure. */
  readonly errorCode: ErrorCode;
  /** S3's `Retry-After`, in ms; null if it sent none. */
  readonly retryAfterMs: number | null;
  /** Its cause was on our side and is corrected (clock skew, expired credentials): one immediate extra try. */
  readonly isCorrected: boolean;
}

const THROTTLING_CODES = [
  'SlowDown',
  'ThrottlingException',
  'RequestThrottled',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
];

/** Transient by name, whatever the status (`RequestTimeout` is a 400). */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  ...THROTTLING_CODES,
  'ServiceUnavailable',
  'RequestTimeout',
  'InternalError',
  // The network corrupted or cut our bytes.
  'BadDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
]);

const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Permanent by name: never retried, even if a proxy sends them with a 5xx. */
const PERMANENT_CODES: Readonly<Record<string, ErrorCode>> = {
  NoSuchKey: 'not_found',
  NoSuchVersion: 'not_found',
  NoSuchBucket: 'not_found',
  NoSuchUpload: 'not_found',
  NotFound: 'not_found',
  AccessDenied: 'access_denied',
  AllAccessDisabled: 'access_denied',
  ExpiredToken: 'access_denied',
  ExpiredTokenException: 'access_denied',
  TokenRefreshRequired: 'access_denied',
  InvalidToken: 'access_denied',
  InvalidAccessKeyId: 'access_denied',
  SignatureDoesNotMatch: 'access_denied',
  InvalidRequest: 'rejected',
  InvalidArgument: 'rejected',
  MalformedXML: 'rejected',
  InvalidRange: 'rejected',
  // An archived object, which has to be restored first.
  InvalidObjectState: 'rejected',
  InvalidBucketName: 'config',
  AuthorizationHeaderMalformed: 'config',
  PermanentRedirect: 'config',
  TemporaryRedirect: 'config',
  // The SDK knows no host for this bucket, region and endpoint.
  EndpointError: 'config',
  RequestTimeTooSkewed: 'config',
  PreconditionFailed: 'object_changed',
  NotModified: 'object_changed',
};

/** Responses about the object itself, which show that S3 is healthy (circuit.md, verdicts). */
const OBJECT_ANSWERS: ReadonlySet<string> = new Set([
  'NoSuchKey',
  'NoSuchVersion',
  'PreconditionFailed',
  'NotModified',
]);

/**
 * Classifies a failed attempt by S3's code, then by HTTP status, then by network fault.
 *
 * Our own `BreakwaterError`s (local disk, changed source, cancelled, deadline) are neutral and permanent.
 * An unknown error is a rejection if there was a response, and a bug of ours if there was none.
 */
export function classify(error: unknown): Classification {
  if (error instanceof BreakwaterError) {
    // Not retryable, because a pipe has already taken the bytes. It counts, because the network corrupted them.
    const verdict = error.code === 'checksum_mismatch' ? 'failure' : 'neutral';
    return permanent({ code: error.code, message: error.message }, { errorCode: error.code, verdict });
  }
  const response = readFailedResponse(error);
  const { code, httpStatus } = response;
  const permanentAs = lookUp(PERMANENT_CODES, code);
  if (permanentAs !== undefined) {
    const verdict = OBJECT_ANSWERS.has(code) ? 'success' : 'neutral';
    return permanent(response, {
      errorCode: permanentAs,
      verdict,
      isCorrected: response.isCorrected,
    });
  }
  if (
    TRANSIENT_CODES.has(code) ||
    (httpStatus !== null && TRANSIENT_STATUSES.has(httpStatus)) ||
    response.isNetworkFault
  ) {
    return {
      ...factsOf(response),
      isRetryable: true,
      isThrottled: THROTTLING_CODES.includes(code) || httpStatus === 429,
      verdict: 'failure',
      errorCode: code === 'corrupted_body' ? 'checksum_mismatch' : 'unavailable',
      retryAfterMs: response.retryAfterMs,
      isCorrected: response.isCorrected,
    };
  }
  return permanent(response, unlisted(response));
}

/** A response without a listed code: an empty body, a HEAD, an unknown code. */
function unlisted(response: FailedResponse): { errorCode: ErrorCode; verdict: Verdict } {
  const { code, httpStatus, isCredentialsFault, isLocalFault } = response;
  if (isLocalFault) return { errorCode: 'local_io', verdict: 'neutral' };
  if (isCredentialsFault) return { errorCode: 'config', verdict: 'neutral' };
  switch (httpStatus) {
    case null:
      return { errorCode: 'internal', verdict: 'neutral' };
    case 401:
    case 403:
      // Ceph's 403 for a full bucket or user: no permission is missing. With a 429 it would be a quota of requests.
      return { errorCode: code === 'QuotaExceeded' ? 'rejected' : 'access_denied', verdict: 'neutral' };
    case 404:
      return { errorCode: 'not_found', verdict: 'neutral' };
    case 304:
    case 412:
      return { errorCode: 'object_changed', verdict: 'success' };
    default:
      return { errorCode: 'rejected', verdict: 'neutral' };
  }
}

function permanent(
  facts: Pick<AttemptFailure, 'code' | 'message'> & Partial<AttemptFailure>,
  how: { errorCode: ErrorCode; verdict: Verdict; isCorrected?: boolean },
): Classification {
  return {
    ...factsOf({ httpStatus: null, requestId: null, ...facts }),
    isRetryable: false,
    isThrottled: false,
    retryAfterMs: null,
    isCorrected: how.isCorrected ?? false,
    verdict: how.verdict,
    errorCode: how.errorCode,
  };
}

function factsOf({ code, message, httpStatus, requestId }: AttemptFailure): AttemptFailure {
  return { code, message, httpStatus, requestId };
}
