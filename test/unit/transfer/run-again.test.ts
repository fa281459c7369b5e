import { describe, expect, it } from 'vitest';
import { BreakwaterError, type ErrorCode, type ErrorDetails } from '../../../src/errors.ts';
import { adviseAboutFailures, helpsToRunAgain, withResumeHint } from '../../../src/transfer/run-again.ts';

function error(code: ErrorCode, details: ErrorDetails = {}): BreakwaterError {
  return new BreakwaterError(code, 'it failed', { details });
}

describe('helpsToRunAgain', () => {
  it.each<[ErrorCode, ErrorDetails, boolean, string]>([
    ['unavailable', {}, true, 'S3 may be back'],
    ['not_found', {}, true, 'it was deleted after it was listed, and is not listed again'],
    ['source_changed', {}, true, 'it may rest now'],
    ['not_found', { reason: 'broken_link' }, false, 'the link stays'],
    ['local_io', { reason: 'not_utf8' }, false, 'the name stays'],
    ['access_denied', {}, false, 'a permission is missing'],
    ['exists', {}, false, 'the object stays'],
    ['local_create', {}, false, 'the place stays'],
    ['rejected', {}, false, 'S3 refuses it'],
  ])('%s %j: %s, because %s', (code, details, expected) => {
    expect(helpsToRunAgain(error(code, details))).toBe(expected);
  });
});

describe('adviseAboutFailures', () => {
  const renamed = error('local_io', { reason: 'not_utf8', hint: 'rename it' });
  const link = error('not_found', { reason: 'broken_link', hint: 'correct it' });

  it.each([
    [
      'one of the moment among others',
      [renamed, error('unavailable')],
      'run the command again to retry the failed objects',
    ],
    ['failures of one kind', [renamed, renamed], 'rename it'],
    ['failures of several kinds', [renamed, link], 'remove the causes, then run the command again'],
    ['a failure without a hint', [error('exists')], 'remove the causes, then run the command again'],
  ])('for %s', (_what, failures, hint) => {
    expect(adviseAboutFailures(failures)).toBe(hint);
  });
});

describe('withResumeHint', () => {
  it.each<[ErrorCode, string | undefined, string | undefined]>([
    ['interrupted', 'press it again to quit', 'run the same command again to resume: all is kept'],
    ['circuit_open', 'close it', 'close it; run the same command again to resume: all is kept'],
    ['deadline', undefined, 'run the same command again to resume: all is kept'],
    ['config', 'correct it', 'correct it'],
    ['access_denied', undefined, undefined],
    ['not_found', 'check the bucket', 'check the bucket'],
  ])('of %s with %j is %j', (code, hint, expected) => {
    const ended = withResumeHint(error(code, hint === undefined ? {} : { hint }), 'all is kept');
    expect([ended.code, ended.details.hint]).toEqual([code, expected]);
  });
});
