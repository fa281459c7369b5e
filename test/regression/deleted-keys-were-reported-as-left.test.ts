/**
 * Met: a sweep reported keys as left that it had deleted.
 * Cause: when the retry of the few keys that had failed for a moment failed as a whole, the whole batch counted as
 *   left.
 * Fix: each key is counted by what S3 said of it last.
 */
import { expect, it } from 'vitest';
import { byKey, deletedResponse, prepare } from '../support/fake-deletes.ts';
import { errorResponse } from '../support/fake-s3.ts';

it('counts what is gone when the rest of a batch then fails as a whole', async () => {
  const { run } = prepare((asked, number) =>
    number === 1 ? deletedResponse(asked, byKey({ b: 'InternalError' })) : errorResponse(403, 'AccessDenied'),
  );
  expect(await run('a', 'b', 'c')).toMatchObject({
    deleted: ['a', 'c'],
    stayed: ['b AccessDenied'],
    error: { code: 'access_denied' },
  });
});
