/**
 * Met: a sweep of old versions removed the delete marker of a key and left a version behind it, so that the object was
 *   back.
 * Cause: of a marker it was only asked whether a version followed; one that a store lists before the marker, on an
 *   earlier page, did not count.
 * Fix: a version of the key counts on whichever page it was.
 */
import { expect, it } from 'vitest';
import type { ListedVersion } from '../../src/s3/list/list-versions.ts';
import { VersionSieve } from '../../src/sweep/select/version-sieve.ts';

const VERSION: ListedVersion = {
  key: 'key',
  versionId: '1',
  isLatest: false,
  isDeleteMarker: false,
  sizeBytes: 10,
  lastModifiedMs: 0,
  etag: '"e"',
};
const MARKER: ListedVersion = { ...VERSION, versionId: '2', isLatest: true, isDeleteMarker: true, etag: null };

it('leaves the marker while a version was listed before it', () => {
  const sieve = new VersionSieve();
  const taken = [...sieve.take([VERSION], { isLast: false }), ...sieve.take([MARKER], { isLast: true })];
  expect(taken.map(({ versionId }) => versionId)).toEqual(['1']);
});
