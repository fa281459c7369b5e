/**
 * Met: a bucket whose quota is used up (Ceph: 403 QuotaExceeded) ended `put` with 77 (`access_denied`) and a hint about
 *   credentials; a disk of MinIO that is full (507) with a hint that the store may not support the request. A version that
 *   is a delete marker (405) had that hint, too. Parts of a large upload stayed, and kept the quota full.
 * Cause: a 403 without a code that is known counts as a denial, and these codes had no hint of their own.
 * Fix: the quota is a rejection (76), which keeps no parts, and each has a hint that says what to do.
 */
import { expect, it } from 'vitest';
import { findHint } from '../../src/guard/failure-hint.ts';
import { classify } from '../../src/retry/classify.ts';
import { NOTHING_SET } from '../../src/setting-names.ts';

function fail(name: string, httpStatusCode: number) {
  return classify(Object.assign(new Error('refused'), { name, $metadata: { httpStatusCode } }));
}

const target = { bucket: 'b', key: 'k' };

it.each([
  ['QuotaExceeded', 403],
  ['XMinioAdminBucketQuotaExceeded', 400],
  ['XMinioStorageFull', 507],
  ['InsufficientStorage', 507],
])('says of %s (%i) that there is no room', (name, status) => {
  const { errorCode, verdict, isRetryable } = fail(name, status);
  expect({ errorCode, verdict, isRetryable }).toEqual({
    errorCode: 'rejected',
    verdict: 'neutral',
    isRetryable: false,
  });
  const hint = findHint(
    { code: errorCode, failure: name, target: { operation: 'put_object', ...target } },
    NOTHING_SET,
  );
  expect(hint).toMatch(/no room.*quota/);
});

it('says that a version may be a delete marker, of reads alone', () => {
  const hintOf = (operation: 'get_object' | 'put_object') =>
    findHint({ code: 'rejected', failure: 'MethodNotAllowed', target: { operation, ...target } }, NOTHING_SET);
  expect(hintOf('get_object')).toMatch(/delete marker/);
  expect(hintOf('put_object')).toMatch(/supports the request/);
});
