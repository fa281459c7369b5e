// Met: one key that S3 cannot delete, throttled at its last attempt, failed the thousand keys of its batch.
// Cause: the key was the one that tries out how the store deletes, and only its last attempt was looked at.
// Fix: a store that has taken the request once has shown what the trial asks (src/s3/delete/probe-dialect.ts).
import { expect, it } from 'vitest';
import { deletedResponse, prepare } from '../support/fake-deletes.ts';
import { errorResponse } from '../support/fake-s3.ts';

const ATTEMPTS = 4;

it('deletes the other keys', async () => {
  const { run } = prepare(
    (asked, number) =>
      number === ATTEMPTS
        ? errorResponse(503, 'SlowDown')
        : deletedResponse(asked, ({ key }) => (key === 'a' ? 'InternalError' : null)),
    { isTried: false },
  );
  expect((await run('a', 'b', 'c')).deleted.toSorted()).toEqual(['b', 'c']);
});
