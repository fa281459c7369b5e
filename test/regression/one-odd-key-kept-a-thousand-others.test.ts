/**
 * Met: a batch of a thousand keys could never be deleted because of one key with a control character in it.
 * Cause: XML cannot hold such a character, so that S3 refused the whole request as malformed.
 * Fix: keys that no XML can hold are deleted by requests of their own.
 */
import { expect, it } from 'vitest';
import { deletedResponse, prepare } from '../support/fake-deletes.ts';

it('deletes keys that no XML can hold by requests of their own', async () => {
  const { run, requests } = prepare((asked, _number, { method }) =>
    method === 'DELETE' ? { status: 204 } : deletedResponse(asked),
  );
  expect((await run('a', 'b\u0001', 'c\r', 'd & <é>')).deleted.toSorted()).toEqual(['a', 'b\u0001', 'c\r', 'd & <é>']);
  expect(requests.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
    'DELETE /b/b%01',
    'DELETE /b/c%0D',
    'POST /b/',
  ]);
});
