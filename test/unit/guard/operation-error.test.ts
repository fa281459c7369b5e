import { describe, expect, it } from 'vitest';
import { operationError, formatTarget } from '../../../src/guard/operation-error.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import { classify } from '../../../src/retry/classify.ts';
import { TransferFault } from '../../../src/retry/transfer-fault.ts';
import { RetryChainFailed } from '../../../src/retry/retry-chain.ts';
import { OPERATIONS, type OperationName } from '../../../src/operations.ts';

const TARGET = { operation: 'get_object', bucket: 'b', key: 'k' } as const;

function response(code: string, httpStatus: number, message = 'as S3 says'): Error {
  return Object.assign(new Error(message), {
    name: code,
    $metadata: { httpStatusCode: httpStatus, requestId: 'REQ1' },
  });
}

function describeEnd(cause: unknown, why: RetryChainFailed['why'] = 'exhausted') {
  return operationError(TARGET, new RetryChainFailed(classify(cause), { attempts: 4, why, cause }));
}

describe('operationError', () => {
  const rows: readonly (readonly [string, number, ErrorCode])[] = [
    ['SlowDown', 503, 'unavailable'],
    ['InternalError', 500, 'unavailable'],
    ['ServiceUnavailable', 503, 'unavailable'],
    ['RequestTimeout', 400, 'unavailable'],
    ['BadDigest', 400, 'unavailable'],
    ['NoSuchKey', 404, 'not_found'],
    ['NoSuchBucket', 404, 'not_found'],
    ['NoSuchUpload', 404, 'not_found'],
    ['AccessDenied', 403, 'access_denied'],
    ['ExpiredToken', 400, 'access_denied'],
    ['InvalidAccessKeyId', 403, 'access_denied'],
    ['InvalidRequest', 400, 'rejected'],
    ['InvalidRange', 416, 'rejected'],
    ['NotImplemented', 501, 'rejected'],
    ['InvalidBucketName', 400, 'config'],
    ['PermanentRedirect', 301, 'config'],
    ['AuthorizationHeaderMalformed', 400, 'config'],
    ['PreconditionFailed', 412, 'object_changed'],
  ];
  it.each(rows)('ends %s with status %i as %s, with the facts of S3 beside it', (s3Code, httpStatus, code) => {
    const error = describeEnd(response(s3Code, httpStatus));
    expect(error.code).toBe(code);
    expect(error.message).toBe(`get s3://b/k failed: ${s3Code}: as S3 says`);
    expect(error.details).toMatchObject({ s3Code, httpStatus, requestId: 'REQ1', attempts: 4 });
    expect(error.details.reason).toBeUndefined();
  });

  it.each([
    ['connection_refused', 'unavailable'],
    ['host_not_found', 'unavailable'],
    ['stalled_body', 'unavailable'],
    ['not_s3', 'unavailable'],
    ['corrupted_body', 'checksum_mismatch'],
  ] as const)('ends the fault %s as %s, with our word as its reason', (word, code) => {
    const error = describeEnd(new TransferFault(word, 'what happened'));
    expect(error.code).toBe(code);
    expect(error.details).toMatchObject({ reason: word, attempts: 4 });
    expect(error.details).not.toHaveProperty('s3Code');
    expect(error.details).not.toHaveProperty('httpStatus');
    expect(error.details).not.toHaveProperty('requestId');
  });

  it.each(['', 'UnknownError', 'SlowDown'])('does not repeat a text that says nothing: %j', (text) => {
    expect(describeEnd(response('SlowDown', 503, text)).message).not.toMatch(/UnknownError|SlowDown.*SlowDown|: $/);
  });

  it.each([
    ['permanent', 'not_found', /says$/],
    ['deadline', 'deadline', /does not fit before the deadline$/],
    ['abandoned', 'not_found', /the circuit has opened meanwhile$/],
  ] as const)('says what a chain that ended by %s adds', (why, code, ending) => {
    const error = describeEnd(response('NoSuchKey', 404), why);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(ending);
  });

  it.each([
    ['NoSuchBucket', 404, /bucket name/],
    ['NoSuchKey', 404, /bucket and the key/],
    ['RequestTimeTooSkewed', 403, /clock/],
    ['SlowDown', 503, /breaker-status/],
  ])('hints for %s with status %i at what to do', (code, status, hint) => {
    expect(describeEnd(response(code, status)).details.hint).toMatch(hint);
  });

  it('keeps the cause', () => {
    const cause = response('SlowDown', 503);
    expect(describeEnd(cause).cause).toBe(cause);
  });
});

describe('formatTarget', () => {
  it.each([
    ['put_object', 'put s3://b/k'],
    ['get_object', 'get s3://b/k'],
    ['head_object', 'look at s3://b/k'],
  ] as const)('names the object of a %s', (operation, expected) => {
    expect(formatTarget({ operation, bucket: 'b', key: 'k' })).toBe(expected);
  });

  it.each(Object.keys(OPERATIONS) as OperationName[])('names the bucket where %s has no key', (operation) => {
    expect(formatTarget({ operation, bucket: 'b' })).toMatch(/^[a-z ]+ s3:\/\/b\/$/);
  });
});
