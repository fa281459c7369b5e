/**
 * Met: an error of a store with the code `constructor` or `toString` ended without an exit status of its own.
 * Cause: the tables of codes were asked for a name that every object of JavaScript has.
 * Fix: `lookUp` finds only what stands in a table.
 */
import { expect, it } from 'vitest';
import { listObjects } from '../../src/s3/list/list-objects.ts';
import { classify } from '../../src/retry/classify.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { createFakeS3, errorResponse, runWithS3 } from '../support/fake-s3.ts';

it.each(['constructor', 'toString', 'hasOwnProperty', '__proto__'])('the code %s is an unknown one', async (code) => {
  const { s3 } = createFakeS3(() => errorResponse(400, code));
  const { guard, clock } = createFakeGuard();
  const page = runWithS3(clock, listObjects(s3, guard, { bucket: 'b', prefix: '' }).next());
  await expect(page).rejects.toMatchObject({
    code: 'rejected',
    details: { httpStatus: 400, hint: expect.any(String) },
  });
  expect(classify(Object.assign(new Error('no'), { code }))).toMatchObject({
    errorCode: 'internal',
    isRetryable: false,
  });
});
