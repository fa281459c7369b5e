import type { AttemptFailure, Verdict } from '../circuit/circuit.ts';
import { BreakwaterError, type ErrorCode } from '../errors.ts';
import { readFailedResponse, type FailedResponse } from './read-failure.ts';

/** What one failed attempt means for the retry chain, for the circuit and for the user. */
export interface Classification extends AttemptFailure {
  readonly isRetryable: boolean;
  /** S3 asks for fewer requests. The user sees that, and the rate limiter slows down. */
  readonly isThrottled: boolean;
  /** The circuit's verdict if the chain ends with this failure. */
  readonly verdict: Verdict;
  /** How the command ends if the chain ends with this failure. */
  readonly errorCode: ErrorCode;
  /** S3's `Retry-After`, in ms; null if it sent none. */
  readonly retryAfterMs: number | null;
  /** The clock skew has been corrected: one immediate extra try may succeed. */
  readonly isClockSkewCorrected: boolean;
}

/** Transient by name, whatever the status (`RequestTimeout` is a 400). */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'ServiceUnavailable',
  'SlowDown',
  'RequestTimeout',
  'InternalError',
  'ThrottlingException',
  'RequestThrottled',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
  // The network corrupted or cut our bytes: a retry sends them again.
  'BadDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
]);

const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

const THROTTLING_CODES: ReadonlySet<string> = new Set([
  'SlowDown',
  'ThrottlingException',
  'RequestThrottled',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
]);

/** Refusals by name: never retried, even if a proxy sends them with a 5xx. */
const PERMANENT_CODES: Readonly<Record<string, ErrorCode>> = {
  NoSuchKey: 'not_found',
  NoSuchVersion: 'not_found',
  NoSuchBucket: 'not_found',
  NoSuchUpload: 'not_found',
  NotFound: 'not_found',
  AccessDenied: 'access_denied',
  AllAccessDisabled: 'access_denied',
  ExpiredToken: 'access_denied',
  InvalidToken: 'access_denied',
  InvalidAccessKeyId: 'access_denied',
  SignatureDoesNotMatch: 'access_denied',
  InvalidRequest: 'rejected',
  InvalidArgument: 'rejected',
  MalformedXML: 'rejected',
  InvalidRange: 'rejected',
  InvalidBucketName: 'config',
  AuthorizationHeaderMalformed: 'config',
  PermanentRedirect: 'config',
  RequestTimeTooSkewed: 'config',
  PreconditionFailed: 'object_changed',
  NotModified: 'object_changed',
};

/** A response about the object itself: S3 is healthy, whatever it says (circuit.md, verdicts). */
const OBJECT_ANSWERS: ReadonlySet<string> = new Set([
  'NoSuchKey',
  'NoSuchVersion',
  'PreconditionFailed',
  'NotModified',
]);

/**
 * Decides what a failed attempt means: by S3's code first, then by HTTP status, then by network fault.
 *
 * Our own `BreakwaterError`s (local disk, changed source, cancelled, deadline) pass through as neutral and final.
 * An unknown error is a refusal if there was a response, and our bug if there was none.
 */
export function classify(error: unknown): Classification {
  if (error instanceof BreakwaterError) {
    // Not retryable, because a pipe has already taken the bytes; but the network corrupted them, so it counts.
    const verdict = error.code === 'checksum_mismatch' ? 'failure' : 'neutral';
    return permanent({ code: error.code, message: error.message }, { errorCode: error.code, verdict });
  }
  const response = readFailedResponse(error);
  const { code, httpStatus } = response;
  const permanentAs = PERMANENT_CODES[code];
  if (permanentAs !== undefined) {
    const verdict = OBJECT_ANSWERS.has(code) ? 'success' : 'neutral';
    return permanent(response, {
      errorCode: permanentAs,
      verdict,
      isClockSkewCorrected: response.isClockSkewCorrected,
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
      isThrottled: THROTTLING_CODES.has(code) || httpStatus === 429,
      verdict: 'failure',
      errorCode: code === 'corrupted_body' ? 'checksum_mismatch' : 'unavailable',
      retryAfterMs: response.retryAfterMs,
      isClockSkewCorrected: response.isClockSkewCorrected,
    };
  }
  return permanent(response, unlisted(response));
}

/** A refusal without a listed code: an empty body, a HEAD, a code we do not know. */
function unlisted({ httpStatus, isCredentialsFault }: FailedResponse): { errorCode: ErrorCode; verdict: Verdict } {
  if (isCredentialsFault) return { errorCode: 'config', verdict: 'neutral' };
  switch (httpStatus) {
    case null:
      return { errorCode: 'internal', verdict: 'neutral' };
    case 401:
    case 403:
      return { errorCode: 'access_denied', verdict: 'neutral' };
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
  how: { errorCode: ErrorCode; verdict: Verdict; isClockSkewCorrected?: boolean },
): Classification {
  return {
    ...factsOf({ httpStatus: null, requestId: null, ...facts }),
    isRetryable: false,
    isThrottled: false,
    retryAfterMs: null,
    isClockSkewCorrected: how.isClockSkewCorrected ?? false,
    verdict: how.verdict,
    errorCode: how.errorCode,
  };
}

function factsOf({ code, message, httpStatus, requestId }: AttemptFailure): AttemptFailure {
  return { code, message, httpStatus, requestId };
}
