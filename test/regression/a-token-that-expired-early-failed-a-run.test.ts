/**
 * Met: a long `put -r` ended with ExpiredToken (77) although newer credentials lay in the file, because its clock or the
 * provider's expiry was wrong.
 * Cause: credentials are kept until their own expiry, whatever S3 says.
 * Fix: ExpiredToken fetches credentials anew, once for all requests that fail together; if they differ, the request is
 * sent once more at once. The same ones are not fetched again.
 */
import { expect, it } from 'vitest';
import { CredentialRenewal } from '../../src/s3/connection/renew-credentials.ts';
import { classify } from '../../src/retry/classify.ts';

function expiredError(code = 'ExpiredToken') {
  return Object.assign(new Error('expired'), { name: code, $metadata: { httpStatusCode: 400 } });
}

function createRenewal(...keys: readonly string[]) {
  let asked = 0;
  const provider = async ({ forceRefresh = false } = {}) => {
    if (forceRefresh) asked += 1;
    return await Promise.resolve({ accessKeyId: keys[Math.min(asked, keys.length - 1)] ?? '', secretAccessKey: 's' });
  };
  return { renewal: new CredentialRenewal(() => provider as never), asked: () => asked };
}

it('fetches once for all requests that fail together, and lets each try once more', async () => {
  const { renewal, asked } = createRenewal('old', 'new');
  const errors = [expiredError(), expiredError('TokenRefreshRequired'), expiredError('ExpiredTokenException')];
  const { generation } = renewal;
  await Promise.all(errors.map(async (error) => await renewal.noteError(error, generation)));
  expect(asked()).toBe(1);
  expect(errors.map((error) => classify(error).isCorrected)).toEqual([true, true, true]);
  // A request that had started before fails later: the new credentials are already there.
  const late = expiredError();
  await renewal.noteError(late, generation);
  expect([asked(), classify(late).isCorrected]).toEqual([1, true]);
});

it('does not ask again for credentials that stayed the same', async () => {
  const { renewal, asked } = createRenewal('old');
  for (const error of [expiredError(), expiredError()]) {
    await renewal.noteError(error, renewal.generation);
    expect(classify(error)).toMatchObject({ isCorrected: false, errorCode: 'access_denied', isRetryable: false });
  }
  expect(asked()).toBe(1);
});

it('leaves other errors alone', async () => {
  const { renewal, asked } = createRenewal('old', 'new');
  const denied = expiredError('AccessDenied');
  await renewal.noteError(denied, renewal.generation);
  expect([asked(), classify(denied).isCorrected]).toEqual([0, false]);
});
