import { describe, expect, it } from 'vitest';
import { formOf, judgeDoubt, judgeReplaced } from '../../../../src/s3/delete/settle-doubts.ts';
import type { Look } from '../../../../src/s3/list/look-at-key.ts';
import { RetryChainFailed } from '../../../../src/retry/retry-chain.ts';
import { classify } from '../../../../src/retry/classify.ts';
import { target } from '../../../support/fake-deletes.ts';

const MD5 = 'abcdef0123456789abcdef0123456789';
const LISTED_MS = Date.parse('2026-01-01T10:00:00.500Z');
const there = (ETag?: string, modified = '2026-01-01T10:00:00Z'): Look => ({
  kind: 'there',
  head: { ETag, LastModified: new Date(modified) },
});
const LATER = '2026-01-02T10:00:00Z';
const UNCLEAR = { kind: 'unclear', code: 'not_confirmed', message: 'unnamed' } as const;
const SAID = { kind: 'unclear', code: 'AccessDenied', message: 'no' } as const;
const CHANGED = { kind: 'changed' } as const;
const denied = new RetryChainFailed(classify({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }), {
  attempts: 1,
  why: 'permanent',
  cause: null,
});
const unreadable: Look = { kind: 'unreadable', failure: denied };

describe('judgeDoubt', () => {
  it.each([
    ['what is gone is deleted, whatever was said', SAID, { kind: 'gone' }, false, 'deleted'],
    ['what is there, and was not named, is deleted again', UNCLEAR, there(`"${MD5}"`), false, 'again'],
    ['once', UNCLEAR, there(`"${MD5}"`), true, 'not_confirmed'],
    ['what is there, and failed, stays', SAID, there(`"${MD5}"`), false, 'AccessDenied'],
    ['what is there in place of it is another object', UNCLEAR, there('"other"', LATER), false, 'changed'],
    ['what cannot be looked at stays', UNCLEAR, unreadable, false, 'not_confirmed'],
    ['a replaced object', CHANGED, there('"other"', LATER), false, 'changed'],
    ['a replaced object that cannot be looked at', CHANGED, unreadable, false, 'changed'],
    [
      'another form of its ETag, which is used then',
      CHANGED,
      there(MD5.toUpperCase()),
      false,
      `again ${MD5.toUpperCase()}`,
    ],
    ['a weak form of its ETag, with which no condition can hold', CHANGED, there(`W/"${MD5}"`), false, 'again null'],
    ['another form that is refused, too', CHANGED, there(MD5), true, 'PreconditionFailed'],
    ['another ETag of an object that is as old as listed', CHANGED, there('"other"'), false, 'PreconditionFailed'],
    ['a store that names no ETag', CHANGED, there(), false, 'changed'],
  ] as const)('%s', (_what, response, look, isLast, expected) => {
    const item = target('a', { etag: `"${MD5}"`, lastModifiedMs: LISTED_MS });
    const result = judgeDoubt({ item, response }, { look, isLast });
    if (result.kind === 'failed') expect(result.code).toBe(expected);
    else if (result.kind === 'again') {
      expect(result.etag === undefined ? 'again' : `again ${result.etag}`).toBe(expected);
    } else expect(result.kind).toBe(expected);
  });

  it('lets a version go without a condition that the store holds against the current object', () => {
    const item = target('a', { versionId: 'null', etag: `"${MD5}"` });
    const result = judgeDoubt({ item, response: CHANGED }, { look: there(`"${MD5}"`), isLast: false });
    expect(result).toEqual({ kind: 'again', etag: null });
  });
});

describe('judgeReplaced', () => {
  it.each([
    ['the same version', `"${MD5}"`, there(MD5), null],
    ['a newer one', `"${MD5}"`, there('"other"'), 'changed'],
    ['a delete marker', null, { kind: 'there', head: {} }, null],
    ['an object in place of a delete marker', null, there('"other"'), 'changed'],
    ['nothing', `"${MD5}"`, { kind: 'gone' }, 'deleted'],
    ['a delete marker of a store that shows none', null, { kind: 'gone' }, null],
    ['what it may not see', `"${MD5}"`, unreadable, 'failed'],
  ] as const)('finds %s', (_what, etag, look, expected) => {
    expect(judgeReplaced(target('a', { versionId: 'null', etag }), look)?.kind ?? null).toBe(expected);
  });
});

it('tells the forms of ETags apart, not their values', () => {
  const forms = [`"${MD5}"`, MD5, `W/"${MD5}"`, `"${MD5.toUpperCase()}"`, `"${MD5}-2"`].map((etag) => formOf({ etag }));
  expect(new Set(forms).size).toBe(forms.length);
  expect(formOf({ etag: `"${MD5}"` })).toBe(formOf({ etag: '"00000000000000000000000000000000"' }));
});
