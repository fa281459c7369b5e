/**
 * Met: stores that keep no times list 1970 or the year 1; a sweep took every object, version and upload there for old and
 *   deleted it.
 * Cause: any date counted as the time when an object was stored.
 * Fix: a time before March 2006, when S3 began, is unknown. What is of unknown age is never old: it is counted and named as
 *   left, for the reason `unknown_age`.
 */
import { expect, it } from 'vitest';
import { formatHttpTime } from '../../src/clock.ts';
import { listObjects } from '../../src/s3/list/list-objects.ts';
import { listUploads } from '../../src/s3/list/list-uploads.ts';
import { listVersions } from '../../src/s3/list/list-versions.ts';
import { statKeys } from '../../src/s3/list/stat-keys.ts';
import { statObject } from '../../src/s3/download/stat-object.ts';
import { abortUploads } from '../../src/sweep/abort-uploads.ts';
import { createAgeClock } from '../../src/sweep/select/age-clock.ts';
import { selectItems } from '../../src/sweep/select/select-items.ts';
import { sweep } from '../../src/sweep/sweep.ts';
import { surveySweep } from '../../src/sweep/tally.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { FakeObjectStore } from '../support/fake-object-store.ts';
import { createFakeS3, runWithS3, type FakeResponse } from '../support/fake-s3.ts';
import { prepare, REQUEST } from '../support/fake-sweep.ts';

const NOW_MS = 1_700_000_000_000;
const ageClock = createAgeClock({ now: () => NOW_MS, emit: () => undefined });
const UNKNOWN = { key: 'logs/a', sizeBytes: 3, lastModifiedMs: null, etag: '"e"' };

const xml = (body: string): FakeResponse => ({ headers: { 'content-type': 'application/xml' }, body });

function prepareS3(response: FakeResponse) {
  const { s3 } = createFakeS3(() => response);
  const { guard, clock } = createFakeGuard();
  const first = async <T>(pages: AsyncGenerator<T>): Promise<T> => (await runWithS3(clock, pages.next())).value as T;
  return { s3, guard, clock, first };
}

it.each(['1970-01-01T00:00:00.000Z', '0001-01-01T00:00:00Z', '2006-02-28T23:59:59Z'])(
  'reads %s in a listing as unknown',
  async (time) => {
    const place = { bucket: 'b', prefix: '' };
    const fields = `<Key>a</Key><Size>3</Size><LastModified>${time}</LastModified>`;
    const objects = prepareS3(xml(`<L><Name>b</Name><Contents>${fields}</Contents></L>`));
    expect((await objects.first(listObjects(objects.s3, objects.guard, place))).objects).toMatchObject([
      { key: 'a', lastModifiedMs: null },
    ]);
    const version = `<Version>${fields}<VersionId>v</VersionId><IsLatest>false</IsLatest></Version>`;
    const versions = prepareS3(xml(`<L><Name>b</Name>${version}</L>`));
    expect((await versions.first(listVersions(versions.s3, versions.guard, place))).versions).toMatchObject([
      { key: 'a', lastModifiedMs: null },
    ]);
    const upload = `<Upload><Key>a</Key><UploadId>u</UploadId><Initiated>${time}</Initiated></Upload>`;
    const uploads = prepareS3(xml(`<L><Bucket>b</Bucket>${upload}</L>`));
    expect((await uploads.first(listUploads(uploads.s3, uploads.guard, place))).uploads).toEqual([
      { key: 'a', uploadId: 'u', startedAtMs: null },
    ]);
  },
);

it('reads 1970 in the head of an object as unknown', async () => {
  const headers = { etag: '"e"', 'last-modified': formatHttpTime(0) };
  const { s3, guard, clock } = prepareS3({ headers });
  const { objects } = await runWithS3(clock, statKeys(s3, guard, { bucket: 'b', keys: ['a'] }));
  expect(objects).toMatchObject([{ key: 'a', lastModifiedMs: null }]);
  const stat = statObject(s3, guard, { bucket: 'b', key: 'a', versionId: null });
  expect(await runWithS3(clock, stat)).toMatchObject({ modifiedMs: null });
});

it('leaves what is of unknown age, counted and named', async () => {
  const pages = [
    { objects: [UNKNOWN, { ...UNKNOWN, key: 'logs/old', lastModifiedMs: NOW_MS - 5000 }], storeNowMs: null },
  ];
  const { store, left, context } = prepare({ pages });
  const select = () => selectItems({ bucket: 'b', prefix: 'logs/', olderThanMs: 1000 }, { store, ageClock });
  expect(await surveySweep(select())).toMatchObject({ objects: 1, unknownAge: 1, samples: ['logs/old'] });
  const { tally, ending } = await sweep(select(), REQUEST, context);
  expect(ending).toEqual({ kind: 'complete' });
  expect(store.batches).toEqual([['logs/old']]);
  expect(tally).toMatchObject({
    matched: 2,
    deleted: 1,
    failed: 1,
    failures: [{ key: 'logs/a', code: 'unknown_age' }],
  });
  expect(left).toMatchObject([{ key: 'logs/a', code: 'unknown_age' }]);
});

it('deletes it where any age is asked for', async () => {
  const { store, context } = prepare({ pages: [{ objects: [UNKNOWN], storeNowMs: null }] });
  const pages = selectItems({ bucket: 'b', prefix: 'logs/', olderThanMs: 0 }, { store, ageClock });
  expect((await sweep(pages, REQUEST, context)).tally).toMatchObject({ deleted: 1, failed: 0 });
});

it('leaves an upload whose begin is unknown', async () => {
  const findRunning = async () => await Promise.resolve(new Set<string>());
  const store = new FakeObjectStore({ uploadPages: [[{ key: 'logs/a', uploadId: 'u', startedAtMs: null }]] });
  const request = { bucket: 'b', prefix: '', olderThanMs: 1000, patterns: { include: [], exclude: [] } };
  const { tally } = await abortUploads({ ...request, isDryRun: false }, { store, ageClock, findRunning });
  expect(store.aborted).toEqual([]);
  expect(tally).toMatchObject({ matched: 1, aborted: 0, failed: 1, failures: [{ code: 'unknown_age' }] });
});

it('still ends as denied where every delete of the others was denied', async () => {
  const old = { ...UNKNOWN, key: 'logs/old', lastModifiedMs: NOW_MS - 5000 };
  const refuses = () => ({ code: 'AccessDenied', message: 'no' });
  const { store, context } = prepare({ pages: [{ objects: [UNKNOWN, old], storeNowMs: null }], refuses });
  const pages = selectItems({ bucket: 'b', prefix: 'logs/', olderThanMs: 1000 }, { store, ageClock });
  const { ending } = await sweep(pages, REQUEST, context);
  expect(ending).toMatchObject({ kind: 'failed', error: { code: 'access_denied' } });
});
