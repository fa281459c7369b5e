import { describe, expect, it } from 'vitest';
import { failureDocument, successDocument } from '../../../../src/cli/output/json-document.ts';
import { exitStatusOf } from '../../../../src/cli/output/exit-status.ts';
import { BreakwaterError, ERROR_CODES, type ErrorCode } from '../../../../src/errors.ts';

/** The contract, written down a second time: a status never changes its meaning. */
const CONTRACT: readonly (readonly [ErrorCode, number])[] = [
  ['usage', 2],
  ['partial', 3],
  ['checksum_mismatch', 65],
  ['object_changed', 65],
  ['not_found', 66],
  ['unavailable', 69],
  ['push_failed', 69],
  ['internal', 70],
  ['local_create', 73],
  ['exists', 73],
  ['local_io', 74],
  ['source_changed', 74],
  ['circuit_open', 75],
  ['deadline', 75],
  ['locked', 75],
  ['rejected', 76],
  ['access_denied', 77],
  ['config', 78],
  ['interrupted', 130],
];

describe('exitStatusOf', () => {
  it.each(CONTRACT)('ends %s with %d', (code, status) => {
    expect(exitStatusOf(new BreakwaterError(code, 'x'))).toBe(status);
  });

  it('has a status for every code word', () => {
    expect(CONTRACT.map(([code]) => code).toSorted()).toEqual(ERROR_CODES.toSorted());
  });

  it.each([
    ['sighup', 129],
    ['sigint', 130],
    ['sigterm', 143],
    ['closed_pipe', 0],
    ['of another kind', 130],
  ])('ends an interruption by %s with %d', (reason, status) => {
    expect(exitStatusOf(new BreakwaterError('interrupted', 'x', { details: { reason } }))).toBe(status);
  });

  it('takes a reason for an interruption only: 0 is no end of a failure', () => {
    expect(exitStatusOf(new BreakwaterError('unavailable', 'x', { details: { reason: 'closed_pipe' } }))).toBe(69);
  });
});

const EPOCH = '1970-01-01T00:00:00.000Z';
const PROCESS = { pid: 1, startTime: null, bootId: null, pidNamespace: null, host: 'h', command: 'put' };

describe('failureDocument', () => {
  it('has every field, null if unknown', () => {
    expect(failureDocument(null, new BreakwaterError('usage', 'no'))).toStrictEqual({
      ok: false,
      command: null,
      error: {
        code: 'usage',
        reason: null,
        message: 'no',
        hint: null,
        exit_status: 2,
        retry_after_ms: null,
        circuit: null,
        http_status: null,
        request_id: null,
        attempts: null,
        s3_code: null,
        retry_at: null,
        isolation: null,
        last_error: null,
      },
    });
  });

  it('has all known facts beside the fields of the result', () => {
    const details = {
      hint: 'wait',
      reason: 'open',
      retryAfterMs: 0,
      retryAtMs: 0,
      isolation: { by: 'ops', atMs: 0, reason: 'why', untilMs: null, of: 's3-upload' },
      lastFailure: { atMs: 0, code: 'SlowDown', message: 'm', httpStatus: 503, requestId: 'R1', process: PROCESS },
      circuit: 's3-upload@x',
      s3Code: 'SlowDown',
      httpStatus: 503,
      requestId: 'R1',
      attempts: 4,
    };
    expect(failureDocument('put', new BreakwaterError('circuit_open', 'no', { details }), { reset: true })).toEqual({
      ok: false,
      command: 'put',
      reset: true,
      error: {
        code: 'circuit_open',
        reason: 'open',
        message: 'no',
        hint: 'wait',
        exit_status: 75,
        // Zero is known: now.
        retry_after_ms: 0,
        circuit: 's3-upload@x',
        http_status: 503,
        request_id: 'R1',
        attempts: 4,
        s3_code: 'SlowDown',
        retry_at: EPOCH,
        isolation: { circuit: 's3-upload', by: 'ops', at: EPOCH, reason: 'why', until: null },
        last_error: {
          at: EPOCH,
          code: 'SlowDown',
          message: 'm',
          http_status: 503,
          request_id: 'R1',
          process: { pid: 1, host: 'h', command: 'put' },
        },
      },
    });
  });
});

describe('successDocument', () => {
  it('names the command beside the fields of the result', () => {
    expect(successDocument('metrics', { reset: false })).toEqual({ ok: true, command: 'metrics', reset: false });
  });
});
