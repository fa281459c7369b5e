import { describe, expect, it } from 'vitest';
import {
  FIRST_DIALECT,
  learnDialect,
  sendsEtag,
  type DeleteDialect,
  type TrialResponse,
} from '../../../../src/s3/delete/delete-dialect.ts';

const batch: DeleteDialect = FIRST_DIALECT;
const md5: DeleteDialect = { ...batch, hasMd5: true };
const single: DeleteDialect = { ...batch, form: 'single' };
const refused = (code: string, httpStatus: number): TrialResponse => ({ kind: 'refused', code, httpStatus });
const bad = refused('InvalidRequest', 400);

describe('learnDialect', () => {
  it.each<[string, DeleteDialect, TrialResponse, boolean, DeleteDialect, string]>([
    [
      'a key that stays: conditions work',
      batch,
      { kind: 'changed' },
      true,
      { ...batch, condition: 'honoured' },
      'done',
    ],
    ['a key that goes: they are ignored', batch, { kind: 'deleted' }, true, { ...batch, condition: 'ignored' }, 'done'],
    ['a key without an ETag teaches no more', batch, { kind: 'deleted' }, false, batch, 'done'],
    ['501: no DeleteObjects', batch, refused('NotImplemented', 501), true, single, 'try'],
    ['405: no DeleteObjects', batch, refused('http_405', 405), true, single, 'try'],
    ['by the code alone', batch, refused('NotImplemented', 400), true, single, 'try'],
    ['also with Content-MD5', md5, refused('MethodNotAllowed', 405), true, single, 'try'],
    ['400: perhaps for want of Content-MD5', batch, bad, true, md5, 'try'],
    ['400 with it: perhaps for the ETag', md5, bad, true, { ...md5, condition: 'refused' }, 'try'],
    [
      '400 without one either',
      { ...md5, condition: 'refused' },
      bad,
      false,
      { ...md5, condition: 'refused' },
      'give_up',
    ],
    [
      'one by one: 501 for the ETag',
      single,
      refused('NotImplemented', 501),
      true,
      { ...single, condition: 'refused' },
      'try',
    ],
    ['one by one: 501 without it', single, refused('NotImplemented', 501), false, single, 'give_up'],
    ['one by one, it stays', single, { kind: 'changed' }, true, { ...single, condition: 'honoured' }, 'done'],
    [
      'plain, it goes',
      { ...md5, condition: 'refused' },
      { kind: 'deleted' },
      false,
      { ...md5, condition: 'refused' },
      'done',
    ],
  ])('%s', (_what, tried, response, withEtag, dialect, next) => {
    expect(learnDialect(tried, { response, withEtag })).toEqual({ dialect, next });
  });

  it('ends after a few steps, whatever the store answers', () => {
    for (const response of [bad, refused('NotImplemented', 501), refused('http_405', 405)]) {
      let dialect = FIRST_DIALECT;
      let steps = 0;
      for (let next = 'try'; next === 'try'; steps += 1) {
        ({ dialect, next } = learnDialect(dialect, { response, withEtag: sendsEtag(dialect) }));
      }
      expect(steps).toBeLessThanOrEqual(4);
    }
  });
});
