/**
 * Met: `sweep --versions` in a bucket with suspended versioning deleted an object for good that had just been written.
 * Cause: versions counted as unchangeable, so that they were deleted without a condition. The version `null` is not: the
 *   next write, or the next delete marker, takes its place.
 * Fix: a version `null` is deleted like a current object, with its ETag as the condition. Where no condition can hold (a
 *   delete marker, a store that ignores conditions), a look comes first.
 */
import { describe, expect, it } from 'vitest';
import { deletedResponse, ETAG, prepare, target, type Asked } from '../support/fake-deletes.ts';
import { errorResponse, type FakeResponse } from '../support/fake-s3.ts';

interface Bucket {
  /** The ETag of the version `null`; null for a delete marker, undefined for nothing. */
  readonly now: string | null | undefined;
  readonly honoursConditions: boolean;
}

/** One key, of which the version `null` is looked at and deleted. */
function prepareBucket({ now, honoursConditions }: Bucket) {
  const deleted: Asked[] = [];
  const bucket = prepare(
    (asked, _number, { method }): FakeResponse => {
      if (method === 'HEAD') {
        if (now === undefined) return { status: 404 };
        return now === null ? { status: 405, headers: { 'x-amz-delete-marker': 'true' } } : { headers: { etag: now } };
      }
      if (method === 'GET') return errorResponse(404, 'NoSuchVersion');
      return deletedResponse(asked, (each) => {
        if (honoursConditions && each.etag !== null && each.etag !== now) return 'PreconditionFailed';
        deleted.push(each);
        return null;
      });
    },
    { isTried: false },
  );
  return { ...bucket, deleted };
}

describe.each([true, false])('a version named null, where the store heeds conditions: %s', (honoursConditions) => {
  it.each([
    ['is deleted if it is still the listed one', ETAG, ETAG, 'deleted'],
    ['stays if an object was written in its place', ETAG, '"new"', 'changed'],
    ['stays if an object took the place of its delete marker', null, '"new"', 'changed'],
    ['is deleted if it is still a delete marker', null, null, 'deleted'],
    ['stays if a delete marker took its place', ETAG, null, 'changed'],
    ['is gone if it is gone', ETAG, undefined, 'deleted'],
    ['is deleted if no HEAD shows its delete marker (Ceph)', null, undefined, 'deleted'],
  ] as const)('%s', async (_what, etag, now, expected) => {
    const { run, deleted } = prepareBucket({ now, honoursConditions });
    const outcome = await run(target('a', { versionId: 'null', etag }));
    expect(outcome).toMatchObject({ [expected]: ['a'], error: null });
    if (expected === 'changed') expect(deleted).toEqual([]);
    else if (now !== undefined || etag === null) expect(deleted).toHaveLength(1);
  });
});

it('holds no condition against any other version', async () => {
  const { run, deleted } = prepareBucket({ now: '"new"', honoursConditions: true });
  expect(await run(target('a', { versionId: 'v1' }))).toMatchObject({ deleted: ['a'] });
  expect(deleted).toMatchObject([{ versionId: 'v1', etag: null }]);
});
