/**
 * Met: `get -r` said `PreconditionFailed` of an object that was replaced meanwhile; what that means (`object_changed`)
 *   was in the JSON document alone.
 * Cause: the lines of a run over many objects had the message of each failure without its code.
 * Fix: they name it as the error of a single object does.
 */
import { expect, it } from 'vitest';
import { presentMany } from '../../src/cli/output/many-result.ts';
import { BreakwaterError } from '../../src/errors.ts';

it('is named with its code, in the lines and in the error', () => {
  const error = new BreakwaterError('object_changed', 'S3 said PreconditionFailed', { details: { httpStatus: 412 } });
  const failures = [{ name: 's3://b/k', error }];
  const result = presentMany(
    { done: 1, skipped: 0, bytes: 5, unverified: 0, failed: 1, failures, ended: null },
    'received',
  );
  expect(result.lines).toEqual(['failed s3://b/k: S3 said PreconditionFailed (object_changed, HTTP 412)']);
  expect(result.failure?.message).toContain('object_changed');
});
