/**
 * Met: a sweep deleted objects that had been overwritten since they were listed, after the store had refused one
 *   delete for a reason of its own (409, 416).
 * Cause: while a store is tried out, any 4xx counted as a reason to ask otherwise: without Content-MD5, then without
 *   an ETag. Two odd refusals left the condition out for all that followed.
 * Fix: only 400, 405 and 501 are about the form of a request; a conflict of a condition proves that the store knows
 *   conditions.
 */
import { expect, it } from 'vitest';
import { prepare, readAsked } from '../support/fake-deletes.ts';
import { errorResponse } from '../support/fake-s3.ts';

it.each([
  [409, 'OperationAborted'],
  [403, 'AccessDenied'],
  [416, 'Whatever'],
])('leaves no ETag out for the sake of %d %s', async (status, code) => {
  const { run, requests } = prepare(() => errorResponse(status, code), { isTried: false });
  expect(await run('a')).toMatchObject({ deleted: [], stayed: [`a ${code}`] });
  expect(requests.map(({ body }) => readAsked(body)[0]?.etag === null)).toEqual([false]);
});

it('takes a conflict of a condition, one by one, for a store that knows conditions', async () => {
  const { run, adapted } = prepare(
    (_asked, number, { method }) => {
      if (method === 'POST') return errorResponse(501, 'NotImplemented');
      return number === 2 ? errorResponse(409, 'ConditionalRequestConflict') : { status: 204 };
    },
    { isTried: false },
  );
  expect(await run('a')).toMatchObject({ deleted: ['a'] });
  expect(adapted()).toMatchObject({ form: 'single', condition: 'honoured' });
});
