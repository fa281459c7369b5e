/**
 * Met: a sweep of versions deleted every version of a key, and so the object. Elsewhere it deleted a delete marker, and an
 *   old version was the object again.
 * Cause: a store listed no version of the key as the current one, so all counted as old. Another store named no version
 *   with the key after which the next page starts: that page began with the next key, and versions were never seen.
 * Fix: versions wait until the current one of their key was listed, and stay if there is none (`current_unknown`). A page
 *   that ends without a version ends before its last key, which is listed again; if that cannot be, its marker stays.
 */
import { expect, it } from 'vitest';
import { listVersions } from '../../src/s3/list/list-versions.ts';
import { VersionSieve } from '../../src/sweep/select/version-sieve.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { createFakeS3, runWithS3, type FakeRequest } from '../support/fake-s3.ts';

/** Versions as `a2*x`: version 2 of a, the current one, a delete marker. In the order of the listing. */
function entryOf(text: string): string {
  const [, key = '', id = '', latest = '', marker = ''] = /^([a-z])(\d+)(\*?)(x?)$/.exec(text) ?? [];
  const fields = `<Key>${key}</Key><VersionId>${id}</VersionId><IsLatest>${latest !== ''}</IsLatest><LastModified>2026-01-01T00:00:00.000Z</LastModified>`;
  return marker === '' ? `<Version>${fields}<Size>1</Size></Version>` : `<DeleteMarker>${fields}</DeleteMarker>`;
}

interface Store {
  readonly all: readonly string[];
  readonly pageSize: number;
  /** Goes on after a version that is asked for; S3 does, but names it, too. */
  readonly readsVersion: boolean;
}

/** A store whose pages end with a key, and no version. */
function respond({ query }: FakeRequest, { all, pageSize, readsVersion }: Store) {
  const { 'key-marker': key, 'version-id-marker': version } = query;
  const isAfter = (text: string): boolean => {
    if (typeof key !== 'string' || text.charAt(0) > key) return true;
    const at = all.findIndex((each) => each.startsWith(`${key}${String(version)}`));
    return text.startsWith(key) && readsVersion && typeof version === 'string' && all.indexOf(text) > at;
  };
  const rest = all.filter(isAfter);
  const page = rest.slice(0, pageSize);
  const isTruncated = rest.length > page.length;
  const next = isTruncated ? `<NextKeyMarker>${page.at(-1)?.charAt(0)}</NextKeyMarker>` : '';
  const entries = page.map(entryOf).join('');
  const body = `<ListVersionsResult><Name>b</Name><EncodingType>url</EncodingType><IsTruncated>${isTruncated}</IsTruncated>${next}${entries}</ListVersionsResult>`;
  return { headers: { 'content-type': 'application/xml' }, body };
}

async function sweep(all: string, options: Omit<Store, 'all'>) {
  const { s3 } = createFakeS3((request) => respond(request, { all: all.split(' '), ...options }));
  const { guard, clock } = createFakeGuard();
  const sieve = new VersionSieve();
  const list = async () => {
    const seen: string[] = [];
    const taken: string[] = [];
    const kept: string[] = [];
    for await (const { versions, isLast, cutKey } of listVersions(s3, guard, { bucket: 'b', prefix: '' })) {
      seen.push(...versions.map(({ key, versionId }) => `${key}${versionId}`));
      taken.push(...sieve.take(versions, { isLast, cutKey }).map(({ key, versionId }) => `${key}${versionId}`));
      kept.push(...sieve.takeKept().map(({ key, versionId }) => `${key}${versionId}`));
    }
    return { seen: seen.join(' '), taken: taken.join(' '), kept: kept.join(' ') };
  };
  return await runWithS3(clock, list());
}

it('keeps the versions of a key without a current one, on one page or several', async () => {
  for (const pageSize of [1, 2, 9]) {
    const { taken, kept } = await sweep('a2* a1 b2 b1 c3*x c2x c1', { pageSize, readsVersion: true });
    expect({ taken, kept }).toEqual({ taken: 'a1 c2 c1', kept: 'b2 b1' });
  }
});

it('deletes versions that are listed before the current one of their key', async () => {
  for (const pageSize of [1, 2, 9]) {
    const { taken, kept } = await sweep('a1 a2 a3*', { pageSize, readsVersion: true });
    expect({ taken, kept }).toEqual({ taken: 'a1 a2', kept: '' });
  }
});

it('lists the last key of a page again, as a whole, where no version is named', async () => {
  const { seen, taken } = await sweep('a1* b3*x b2 b1 c1*x', { pageSize: 3, readsVersion: false });
  expect(seen).toBe('a1 b3 b2 b1 c1');
  expect(taken).toBe('b2 b1 c1');
  expect(await sweep('a1* b2*x b1', { pageSize: 2, readsVersion: false })).toMatchObject({ taken: 'b1' });
});

it('leaves the marker of a key that has a page of its own, if the next page does not go on with it', async () => {
  expect(await sweep('a3*x a2 a1 b1*', { pageSize: 1, readsVersion: false })).toMatchObject({ taken: '' });
  expect(await sweep('a3*x a2 a1 b1*', { pageSize: 1, readsVersion: true })).toMatchObject({ taken: 'a2 a1' });
  expect(await sweep('a3*x a2x b1*', { pageSize: 1, readsVersion: true })).toMatchObject({ taken: 'a2' });
});
