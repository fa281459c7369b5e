import { describe, expect, it } from 'vitest';
import { BreakwaterError } from '../../../src/errors.ts';
import { classify } from '../../../src/retry/classify.ts';
import { NETWORK_WORDS, TransferFault } from '../../../src/retry/transfer-fault.ts';

/** An error as the SDK throws it. */
function sdkError(name: string, httpStatusCode?: number, extra: Record<string, unknown> = {}): Error {
  return Object.assign(new Error(`${name} said so`), {
    name,
    $metadata: { ...(httpStatusCode === undefined ? {} : { httpStatusCode, requestId: 'REQ1' }), ...extra },
  });
}

const TRANSIENT_NAMES = [
  'ServiceUnavailable',
  'SlowDown',
  'RequestTimeout',
  'InternalError',
  'ThrottlingException',
  'RequestThrottled',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
  'BadDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
];

const FAIL_FAST_NAMES = [
  'NoSuchKey',
  'NoSuchBucket',
  'AccessDenied',
  'InvalidRequest',
  'InvalidArgument',
  'MalformedXML',
  'InvalidBucketName',
];

describe('classify', () => {
  it.each(TRANSIENT_NAMES)('retries %s by its name, whatever the status', (name) => {
    expect(classify(sdkError(name, 400))).toMatchObject({
      code: name,
      isRetryable: true,
      verdict: 'failure',
      errorCode: 'unavailable',
      httpStatus: 400,
      requestId: 'REQ1',
    });
  });

  it.each([429, 503])('retries a quota of requests, with status %i', (status) => {
    expect(classify(sdkError('QuotaExceeded', status))).toMatchObject({ isRetryable: true, errorCode: 'unavailable' });
  });

  it.each([408, 429, 500, 502, 503, 504])('retries an unknown code with status %i', (status) => {
    expect(classify(sdkError('Unknown', status))).toMatchObject({
      code: `http_${status}`,
      isRetryable: true,
      verdict: 'failure',
    });
  });

  it.each(FAIL_FAST_NAMES)('never retries %s, not even with a retriable status', (name) => {
    expect(classify(sdkError(name, 503)).isRetryable).toBe(false);
    expect(classify(sdkError(name, 503)).verdict).not.toBe('failure');
  });

  it.each([
    ['NoSuchKey', 404, 'success', 'not_found'],
    ['PreconditionFailed', 412, 'success', 'object_changed'],
    ['NotModified', 304, 'success', 'object_changed'],
    ['NoSuchVersion', 404, 'success', 'not_found'],
    ['NoSuchBucket', 404, 'neutral', 'not_found'],
    ['NotFound', 404, 'neutral', 'not_found'],
    ['AccessDenied', 403, 'neutral', 'access_denied'],
    ['SignatureDoesNotMatch', 403, 'neutral', 'access_denied'],
    ['ExpiredToken', 400, 'neutral', 'access_denied'],
    ['ExpiredTokenException', 400, 'neutral', 'access_denied'],
    ['TokenRefreshRequired', 400, 'neutral', 'access_denied'],
    ['InvalidObjectState', 403, 'neutral', 'rejected'],
    ['QuotaExceeded', 403, 'neutral', 'rejected'],
    ['TemporaryRedirect', 307, 'neutral', 'config'],
    ['EndpointError', 400, 'neutral', 'config'],
    ['RequestTimeTooSkewed', 403, 'neutral', 'config'],
    ['AuthorizationHeaderMalformed', 400, 'neutral', 'config'],
    ['PermanentRedirect', 301, 'neutral', 'config'],
    ['InvalidRange', 416, 'neutral', 'rejected'],
    ['NotImplemented', 501, 'neutral', 'rejected'],
    ['OperationAborted', 409, 'neutral', 'rejected'],
    ['Unknown', 403, 'neutral', 'access_denied'],
    ['Unknown', 401, 'neutral', 'access_denied'],
    ['Unknown', 404, 'neutral', 'not_found'],
    ['Unknown', 412, 'success', 'object_changed'],
    ['Unknown', 304, 'success', 'object_changed'],
    ['Unknown', 418, 'neutral', 'rejected'],
  ] as const)('takes %s with status %i for a %s that ends as %s', (name, status, verdict, errorCode) => {
    expect(classify(sdkError(name, status))).toMatchObject({ isRetryable: false, verdict, errorCode });
  });

  it.each(Object.entries(NETWORK_WORDS))('retries the network fault %s as %s', (code, word) => {
    const fault = Object.assign(new Error('boom'), { code });
    expect(classify(fault)).toMatchObject({ code: word, isRetryable: true, verdict: 'failure', httpStatus: null });
  });

  it('finds a network fault behind causes and inside an AggregateError', () => {
    const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    expect(classify(new Error('outer', { cause: new Error('inner', { cause: reset }) })).code).toBe('connection_reset');
    expect(classify(new AggregateError([new Error('v6'), reset])).code).toBe('connection_reset');
  });

  it('gives up on causes that go in a circle', () => {
    const loop = new Error('loop');
    loop.cause = loop;
    expect(classify(loop)).toMatchObject({ isRetryable: false, errorCode: 'internal' });
  });

  it('takes an answer that is no HTTP for something that is not S3', () => {
    expect(classify(Object.assign(new Error('Parse Error'), { code: 'HPE_INVALID_CONSTANT' }))).toMatchObject({
      code: 'not_s3',
      isRetryable: true,
    });
  });

  it('keeps a timeout of the SDK, which has only a name, retriable', () => {
    expect(classify(Object.assign(new Error('slow'), { name: 'TimeoutError' })).code).toBe('timeout');
  });

  it('tells throttling from other transient failures', () => {
    expect(classify(sdkError('SlowDown', 503)).isThrottled).toBe(true);
    expect(classify(sdkError('Unknown', 429)).isThrottled).toBe(true);
    expect(classify(sdkError('ServiceUnavailable', 503)).isThrottled).toBe(false);
  });

  it.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'x-amz-retry-after': '250', 'retry-after': '7' }, 250],
    [{ 'retry-after': 'Tue, 24 Nov 2026 09:00:00 GMT' }, null],
    [{ 'retry-after': '-1' }, null],
    [{}, null],
  ])('reads the hint of %j as %s ms', (headers, expected) => {
    const error = Object.assign(sdkError('SlowDown', 503), { $response: { headers } });
    expect(classify(error).retryAfterMs).toBe(expected);
  });

  it('sees that expired credentials have been renewed', () => {
    expect(classify(sdkError('ExpiredToken', 400, { credentialsRenewed: true })).isCorrected).toBe(true);
    expect(classify(sdkError('ExpiredToken', 400, { credentialsRenewed: false })).isCorrected).toBe(false);
  });

  it('sees that the clock skew has been corrected', () => {
    const error = sdkError('RequestTimeTooSkewed', 403, { clockSkewCorrected: true });
    expect(classify(error).isCorrected).toBe(true);
    expect(classify(sdkError('RequestTimeTooSkewed', 403)).isCorrected).toBe(false);
  });

  it.each(['CredentialsProviderError', 'TokenProviderError'])('takes %s for a setting, not for an outage', (name) => {
    expect(classify(Object.assign(new Error('none'), { name }))).toMatchObject({
      isRetryable: false,
      verdict: 'neutral',
      errorCode: 'config',
    });
  });

  it.each(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS'])('takes %s for a fault of this machine', (code) => {
    expect(classify(Object.assign(new Error('connect'), { code }))).toMatchObject({
      isRetryable: false,
      verdict: 'neutral',
      errorCode: 'local_io',
    });
  });

  it.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'EPROTO'])(
    'takes the TLS failure %s for a setting, because another try meets the same certificate',
    (code) => {
      expect(classify(Object.assign(new Error('tls'), { code }))).toMatchObject({
        code,
        errorCode: 'config',
        verdict: 'neutral',
      });
    },
  );

  it('passes our own errors through as final and neutral', () => {
    const error = new BreakwaterError('local_io', 'cannot write x: ENOSPC');
    expect(classify(error)).toMatchObject({ isRetryable: false, verdict: 'neutral', errorCode: 'local_io' });
  });

  it('holds the path to S3 responsible for bytes that a pipe got wrong', () => {
    expect(classify(new BreakwaterError('checksum_mismatch', 'differs'))).toMatchObject({
      isRetryable: false,
      verdict: 'failure',
      errorCode: 'checksum_mismatch',
    });
    expect(classify(new TransferFault('corrupted_body', 'differs'))).toMatchObject({
      isRetryable: true,
      verdict: 'failure',
      errorCode: 'checksum_mismatch',
    });
  });

  it.each([[new TypeError('x is not a function')], ['a string'], [null], [undefined]])(
    'takes %s for a bug of ours: neutral, never retried',
    (error) => {
      expect(classify(error)).toMatchObject({ isRetryable: false, verdict: 'neutral', errorCode: 'internal' });
    },
  );
});
