import { describe, expect, it } from 'vitest';
import { BreakwaterError } from '../../../src/errors.ts';
import { classify } from '../../../src/retry/classify.ts';
import { readFailedResponse } from '../../../src/retry/read-failure.ts';
import { TransferFault } from '../../../src/retry/transfer-fault.ts';

function failed(fields: object): Error {
  return Object.assign(new Error('said so'), fields);
}

describe('an answer that failed', () => {
  it.each([
    ['a code of the SDK', { name: 'SlowDown', $metadata: { httpStatusCode: 503 } }, 'SlowDown'],
    ['a code of an entry', { Code: 'InternalError' }, 'InternalError'],
    ['a code of an entry before a name', { Code: 'InternalError', name: 'Other' }, 'InternalError'],
    ['a status without a code', { name: 'Unknown', $metadata: { httpStatusCode: 418 } }, 'http_418'],
    ['a status with the name of any error', { name: 'Error', $metadata: { httpStatusCode: 500 } }, 'http_500'],
    [
      'a status where the parser failed',
      { name: 'RangeError', message: 'Deserialization error', $metadata: { httpStatusCode: 500 } },
      'http_500',
    ],
    ['a status and a code of the system', { name: 'Odd', code: 'EWHAT', $metadata: { httpStatusCode: 500 } }, 'Odd'],
    ['a code of the system', { name: 'Odd', code: 'EWHAT' }, 'EWHAT'],
    ['a code of the system on a cause', { name: 'Odd', cause: failed({ code: 'EWHAT' }) }, 'EWHAT'],
    ['a name alone', { name: 'Odd' }, 'Odd'],
    ['a name that is empty', { name: '' }, 'Error'],
    ['a name that is no text', { name: 7 }, 'Error'],
    ['a name and no status', { name: 'Unknown' }, 'Unknown'],
  ])('is told by %s', (_what, fields, code) => {
    expect(readFailedResponse(failed(fields)).code).toBe(code);
  });

  it.each([
    ['what is no object', 'thrown text'],
    ['nothing', null],
    ['an object without a message', {}],
    ['an empty message', { message: '' }],
  ])('has a message also for %s', (_what, thrown) => {
    expect(readFailedResponse(thrown)).toMatchObject({
      code: 'Error',
      message: 'no message',
      httpStatus: null,
      requestId: null,
    });
  });

  it('keeps message, status and request id', () => {
    const error = failed({ name: 'SlowDown', $metadata: { httpStatusCode: 503, requestId: 'R' } });
    expect(readFailedResponse(error)).toEqual({
      code: 'SlowDown',
      message: 'said so',
      httpStatus: 503,
      requestId: 'R',
      retryAfterMs: null,
      isNetworkFault: false,
      isCredentialsFault: false,
      isLocalFault: false,
      isCorrected: false,
    });
  });

  it.each([
    [{ 'retry-after': '3' }, 3000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '0.25' }, 250],
    [{ 'retry-after': '-3' }, null],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, null],
    [{ 'retry-after': '' }, null],
    [{ 'x-amz-retry-after': '700' }, 700],
    [{ 'x-amz-retry-after': '0' }, 0],
    [{ 'x-amz-retry-after': '-5', 'retry-after': '2' }, 2000],
    [{ 'x-amz-retry-after': 'soon', 'retry-after': '2' }, 2000],
    [{ 'x-amz-retry-after': '700', 'retry-after': '2' }, 700],
    [{}, null],
  ])('reads the wait that %j asks for', (headers, retryAfterMs) => {
    expect(readFailedResponse(failed({ $response: { headers } })).retryAfterMs).toBe(retryAfterMs);
  });

  it('does not take a system code beside a status for a network fault', () => {
    const error = failed({ name: 'Odd', code: 'ECONNRESET', $metadata: { httpStatusCode: 400 } });
    expect(readFailedResponse(error)).toMatchObject({ isNetworkFault: false, httpStatus: 400 });
  });

  it.each(['CredentialsProviderError', 'TokenProviderError', 'ProviderError'])(
    'takes %s for missing credentials',
    (name) => {
      expect(readFailedResponse(failed({ name })).isCredentialsFault).toBe(true);
    },
  );

  it.each([
    ['CERT_HAS_EXPIRED', true],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', true],
    ['SELF_SIGNED_CERT_IN_CHAIN', true],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', true],
    ['ERR_TLS_CERT_ALTNAME_INVALID', true],
    ['ERR_SSL_WRONG_VERSION_NUMBER', true],
    ['EPROTO', true],
    ['NOT_ERR_TLS', false],
    ['AN_UNABLE_TO_DO', false],
    ['MY_ERR_SSL', false],
    ['XEPROTO', false],
    ['EPROTONOSUPPORT', false],
    ['ECONNRESET', false],
  ])('takes the code %s for a certificate that no other try will change: %s', (code, isFault) => {
    expect(readFailedResponse(failed({ code })).isCredentialsFault).toBe(isFault);
  });

  it("takes the error of undici's parser, which has no code, for a response that is not S3's", () => {
    expect(readFailedResponse(failed({ name: 'HTTPParserError' }))).toMatchObject({
      code: 'not_s3',
      isNetworkFault: true,
    });
  });

  it.each([
    ['EMFILE', undefined, true],
    ['ENFILE', undefined, true],
    ['ENOMEM', undefined, true],
    ['ENOBUFS', undefined, true],
    ['EMFILE', 400, false],
    ['ENOSPC', undefined, false],
    [undefined, undefined, false],
  ])('takes the code %s with status %s for a lack of resources here: %s', (code, httpStatusCode, isFault) => {
    expect(readFailedResponse(failed({ code, $metadata: { httpStatusCode } })).isLocalFault).toBe(isFault);
  });

  it.each([
    ['@aws-sdk XML parse error: unexpected content.', 200, 'not_s3', true],
    ['x\n  Deserialization error: to see the raw response', 204, 'not_s3', true],
    ['@aws-sdk XML parse error: unexpected content.', 299, 'not_s3', true],
    ['@aws-sdk XML parse error: unexpected content.', 300, 'http_300', false],
    ['@aws-sdk XML parse error: unexpected content.', 400, 'http_400', false],
    ['no XML', 200, 'http_200', false],
  ])('%j with status %i is %s', (message, httpStatusCode, code, isNetworkFault) => {
    const error = failed({ name: 'Error', message, $metadata: { httpStatusCode } });
    expect(readFailedResponse(error)).toMatchObject({
      code,
      isNetworkFault,
      message: message === 'no XML' ? message : 'the response is not in the form of S3',
    });
  });

  it("shows OpenSSL's reason instead of its lines for debugging", () => {
    const error = failed({ code: 'ERR_SSL_X', reason: 'wrong version number', message: '40BD:error:0A00010B:x:\n' });
    expect(readFailedResponse(error).message).toBe('wrong version number');
  });

  it('follows causes five deep, and no further', () => {
    const nest = (depth: number): Error =>
      depth === 0 ? failed({ code: 'ECONNRESET' }) : failed({ cause: nest(depth - 1) });
    expect(readFailedResponse(nest(5)).code).toBe('connection_reset');
    expect(readFailedResponse(nest(6)).isNetworkFault).toBe(false);
  });

  it('looks at each of several causes', () => {
    expect(readFailedResponse(failed({ errors: [failed({}), failed({ code: 'ETIMEDOUT' })] })).code).toBe('timeout');
    expect(readFailedResponse(failed({ errors: 'ETIMEDOUT' })).isNetworkFault).toBe(false);
  });
});

describe('the words of faults', () => {
  it.each([
    ['ECONNRESET', 'connection_reset'],
    ['ECONNABORTED', 'connection_reset'],
    ['EPIPE', 'connection_closed'],
    ['ECONNREFUSED', 'connection_refused'],
    ['ETIMEDOUT', 'timeout'],
    ['EAI_AGAIN', 'host_not_found'],
    ['ENOTFOUND', 'host_not_found'],
    ['EHOSTUNREACH', 'host_unreachable'],
    ['EHOSTDOWN', 'host_unreachable'],
    ['ENETUNREACH', 'host_unreachable'],
    ['ENETDOWN', 'host_unreachable'],
    ['UND_ERR_SOCKET', 'connection_closed'],
    ['UND_ERR_CONNECT_TIMEOUT', 'connect_timeout'],
    ['UND_ERR_HEADERS_TIMEOUT', 'response_timeout'],
    ['UND_ERR_BODY_TIMEOUT', 'stalled_body'],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'body_cut'],
    ['HPE_INVALID_HEADER', 'not_s3'],
    ['UND_ERR_HEADERS_OVERFLOW', 'not_s3'],
  ])('%s is %s', (code, word) => {
    expect(readFailedResponse(failed({ code }))).toMatchObject({ code: word, isNetworkFault: true });
  });

  it('are kept where we have noticed them ourselves', () => {
    const fault = new TransferFault('stalled_body', 'no byte came');
    expect(fault.name).toBe('TransferFault');
    expect(classify(fault)).toMatchObject({
      code: 'stalled_body',
      message: 'no byte came',
      isRetryable: true,
      isThrottled: false,
    });
  });
});

describe('refusals', () => {
  it.each([
    ['NoSuchUpload', 'not_found'],
    ['AllAccessDisabled', 'access_denied'],
    ['ExpiredToken', 'access_denied'],
    ['InvalidToken', 'access_denied'],
    ['InvalidAccessKeyId', 'access_denied'],
    ['InvalidRequest', 'rejected'],
    ['InvalidArgument', 'rejected'],
    ['MalformedXML', 'rejected'],
    ['InvalidBucketName', 'config'],
  ] as const)('%s end as %s, and are never throttling', (name, errorCode) => {
    expect(classify(failed({ name, $metadata: { httpStatusCode: 400 } }))).toMatchObject({
      errorCode,
      isRetryable: false,
      isThrottled: false,
      retryAfterMs: null,
    });
  });

  it.each([
    'SlowDown',
    'ThrottlingException',
    'RequestThrottled',
    'TooManyRequestsException',
    'ProvisionedThroughputExceededException',
  ])('%s is throttling', (name) =>
    expect(classify(failed({ name }))).toMatchObject({ isThrottled: true, isRetryable: true }),
  );

  it('of our own keep their code and message', () => {
    const error = new BreakwaterError('local_io', 'the disk is full');
    expect(classify(error)).toMatchObject({
      code: 'local_io',
      message: 'the disk is full',
      errorCode: 'local_io',
      verdict: 'neutral',
    });
  });

  it('with a status that is not transient are not tried again', () => {
    expect(classify(failed({ name: 'Odd', $metadata: { httpStatusCode: 505 } })).isRetryable).toBe(false);
  });
});
