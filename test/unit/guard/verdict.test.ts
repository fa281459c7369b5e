import { describe, expect, it } from 'vitest';
import { judge, SILENCE_IS_FAILURE_MS, type Evidence } from '../../../src/guard/verdict.ts';
import { BreakwaterError, ERROR_CODES } from '../../../src/errors.ts';
import type { AttemptFailure } from '../../../src/circuit/circuit.ts';
import { classify } from '../../../src/retry/classify.ts';
import { TransferFault, type FaultWord } from '../../../src/retry/transfer-fault.ts';
import { RetryChainFailed } from '../../../src/retry/retry-chain.ts';

const NOTHING_SEEN: Evidence = { lastFailure: null, silentForMs: 0 };
const SLOW_DOWN: AttemptFailure = { code: 'SlowDown', message: 'slow', httpStatus: 503, requestId: 'R' };

/** An answer of S3 as the SDK throws it. */
function response(code: string, httpStatus: number): Error {
  return Object.assign(new Error('as S3 says'), { name: code, $metadata: { httpStatusCode: httpStatus } });
}

function endOfChain(cause: unknown, why: RetryChainFailed['why'] = 'exhausted'): RetryChainFailed {
  return new RetryChainFailed(classify(cause), { attempts: 4, why, cause });
}

const deadline = new BreakwaterError('deadline', 'the deadline of 10 s has passed');

describe('judge', () => {
  it.each([
    ['NoSuchKey', 404],
    ['NoSuchVersion', 404],
    ['NotModified', 304],
    ['PreconditionFailed', 412],
  ])('is a success for an answer about the object itself: %s', (code, status) => {
    expect(judge(endOfChain(response(code, status), 'permanent'), NOTHING_SEEN).verdict).toBe('success');
  });

  it.each([
    ['ServiceUnavailable', 503],
    ['SlowDown', 503],
    ['InternalError', 500],
    ['RequestTimeout', 400],
    ['BadDigest', 400],
    ['IncompleteBody', 400],
    ['Unlisted', 500],
    ['Unlisted', 502],
    ['Unlisted', 504],
    ['Unlisted', 429],
    ['Unlisted', 408],
  ])('is a failure for %s with status %i after the last retry', (code, status) => {
    const { verdict, failure } = judge(endOfChain(response(code, status)), NOTHING_SEEN);
    expect(verdict).toBe('failure');
    expect(failure).toMatchObject({ code, httpStatus: status });
  });

  const faults: readonly FaultWord[] = [
    'response_timeout',
    'stalled_body',
    'body_cut',
    'corrupted_body',
    'not_s3',
    'connect_timeout',
    'connection_reset',
    'connection_refused',
    'connection_closed',
    'host_not_found',
    'host_unreachable',
    'timeout',
  ];
  it.each(faults)('is a failure for the fault %s after the last retry', (word) => {
    const { verdict, failure } = judge(endOfChain(new TransferFault(word, 'fault')), NOTHING_SEEN);
    expect({ verdict, code: failure?.code }).toEqual({ verdict: 'failure', code: word });
  });

  it.each([
    ['AccessDenied', 403],
    ['SignatureDoesNotMatch', 403],
    ['InvalidRequest', 400],
    ['NoSuchBucket', 404],
    ['PermanentRedirect', 301],
    ['OperationAborted', 409],
    ['InvalidRange', 416],
    ['NotImplemented', 501],
    ['Unlisted', 404],
  ])('is neutral for a refused request: %s with status %i', (code, status) => {
    expect(judge(endOfChain(response(code, status), 'permanent'), NOTHING_SEEN).verdict).toBe('neutral');
  });

  it.each(ERROR_CODES.filter((code) => code !== 'deadline' && code !== 'checksum_mismatch'))(
    'is neutral for our own error %s, whatever was seen before',
    (code) => {
      const evidence = { lastFailure: SLOW_DOWN, silentForMs: 60_000 };
      const error = new BreakwaterError(code, 'ours');
      expect(judge(error, evidence).verdict).toBe('neutral');
      expect(judge(endOfChain(error, 'permanent'), evidence).verdict).toBe('neutral');
    },
  );

  it.each([
    ['a bug', new TypeError('undefined is not a function')],
    ['what is no error at all', 'thrown'],
    ['missing credentials', Object.assign(new Error('none'), { name: 'CredentialsProviderError' })],
  ])('is neutral for %s', (_what, error) => {
    expect(judge(error, NOTHING_SEEN).verdict).toBe('neutral');
    expect(judge(endOfChain(error, 'permanent'), NOTHING_SEEN).verdict).toBe('neutral');
  });

  it('is a failure for bytes that arrived changed and cannot be asked for again', () => {
    expect(judge(new BreakwaterError('checksum_mismatch', 'changed'), NOTHING_SEEN).verdict).toBe('failure');
  });

  it.each(['deadline', 'abandoned', 'exhausted'] as const)('is a failure for a chain that ended by %s', (why) => {
    expect(judge(endOfChain(response('SlowDown', 503), why), NOTHING_SEEN).verdict).toBe('failure');
  });

  it.each([
    ['after an attempt had failed', { lastFailure: SLOW_DOWN, silentForMs: 0 }, 'failure', 'SlowDown'],
    [
      'while a request had got no byte for 5 s',
      { lastFailure: null, silentForMs: SILENCE_IS_FAILURE_MS },
      'failure',
      'response_timeout',
    ],
    [
      'while a request had waited a moment less',
      { lastFailure: null, silentForMs: SILENCE_IS_FAILURE_MS - 1 },
      'neutral',
      undefined,
    ],
    ['while bytes were moving', NOTHING_SEEN, 'neutral', undefined],
  ])('judges a deadline that ran out %s', (_what, evidence, verdict, code) => {
    const judgement = judge(deadline, evidence);
    expect({ verdict: judgement.verdict, code: judgement.failure?.code }).toEqual({ verdict, code });
  });
});
