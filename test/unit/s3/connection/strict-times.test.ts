import { expect, it } from 'vitest';
import { DateCheck } from '../../../../src/s3/connection/strict-times.ts';

it('removes a date that is none, also after a good one', () => {
  const check = new DateCheck();
  const good = 'Thu, 29 Feb 2024 23:59:59 GMT';
  const seen = [good, good, '9999', 'Fri, 30 Feb 2024 08:49:37 GMT', good].map((date) => {
    const headers: Record<string, string> = { date, etag: '"e"' };
    check.apply(headers);
    return headers;
  });
  expect(seen).toEqual([
    { date: good, etag: '"e"' },
    { date: good, etag: '"e"' },
    { etag: '"e"' },
    { etag: '"e"' },
    { date: good, etag: '"e"' },
  ]);
  const none: Record<string, string> = {};
  check.apply(none);
  expect(none).toEqual({});
});
