/**
 * Met: `sweep --versions` deleted a delete marker while a version was behind it, and so brought a deleted object back.
 * Cause: the last key of a page was taken to be the last in the order of bytes. A store that sorts by UTF-16 ends the page
 *   with another one, and its next page goes on with that. With `--list-concurrency 1`, no order of keys was required at
 *   all, so the marker of a key could come pages apart from its versions.
 * Fix: the key that the store names as the end of the page stays open until the next page. A listing of versions that is
 *   out of order ends the sweep.
 */
import { describe, expect, it } from 'vitest';
import { listVersions, type ListedVersion } from '../../src/s3/list/list-versions.ts';
import { selectItems } from '../../src/sweep/select/select-items.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { FakeObjectStore, type FakeStoreOptions } from '../support/fake-object-store.ts';
import { createFakeS3, runWithS3 } from '../support/fake-s3.ts';
import { pageOf } from '../support/listings.ts';

/** Sorted by bytes; by UTF-16 it is the other way round. */
const [WIDE, FACE] = ['\u{ff5e}', '\u{1f600}'];

const version = (key: string, versionId: string, isLatest = false): ListedVersion => ({
  key,
  versionId,
  isLatest,
  isDeleteMarker: false,
  sizeBytes: 10,
  lastModifiedMs: Date.UTC(2026, 0, 1),
  etag: '"e"',
});
const marker = (key: string): ListedVersion => ({ ...version(key, 'marker', true), isDeleteMarker: true, etag: null });

/** What is selected from these pages, as `key version`, and how the listing ended. */
async function select(versionPages: NonNullable<FakeStoreOptions['versionPages']>, listConcurrency: number) {
  const selected: string[] = [];
  const request = { bucket: 'b', prefix: '', olderThanMs: 1, source: { kind: 'versions' }, listConcurrency } as const;
  const context = { store: new FakeObjectStore({ versionPages }), ageClock: () => Date.UTC(2026, 1, 1) };
  const read = async (): Promise<null> => {
    for await (const { items } of selectItems(request, context)) {
      selected.push(...items.map(({ key, versionId }) => `${key} ${versionId}`));
    }
    return null;
  };
  return { error: await read().catch((error: unknown) => error), selected };
}

const page = (versions: readonly ListedVersion[], lastKey: string | null = null) => ({
  versions,
  lastKey,
  storeNowMs: null,
});

describe.each([1, 8])('a sweep of versions in %i listings', (listConcurrency) => {
  it.each([
    [
      'starts with another key than the last page ended with',
      [page([marker(FACE)], FACE), page([version(WIDE, '1', true), version(FACE, 'old')])],
      [`${FACE} old`],
    ],
    [
      'ends with another key than the last by its bytes',
      [page([marker(WIDE), version(FACE, '1', true)], WIDE), page([version(WIDE, 'old')])],
      [`${WIDE} old`],
    ],
  ])('keeps the marker where a page %s', async (_what, pages, expected) => {
    expect(await select(pages, listConcurrency)).toEqual({ error: null, selected: expected });
  });

  it('ends where keys are out of order', async () => {
    const pages = [page([marker('m'), version('z', '1', true)], 'm'), page([version('b', '1', true)])];
    const { error, selected } = await select(pages, listConcurrency);
    expect(error).toMatchObject({ code: 'rejected', details: { reason: 'listing_not_in_order' } });
    expect(selected).toEqual([]);
  });
});

it('reads which key a page ends with', async () => {
  const { s3 } = createFakeS3(({ query }) =>
    query['key-marker'] === undefined
      ? pageOf('versions', { keys: ['%EF%BD%9E', '%F0%9F%98%80'], next: '%EF%BD%9E' })
      : pageOf('versions', { keys: [] }),
  );
  const { guard, clock } = createFakeGuard();
  const list = async () => {
    const found: unknown[] = [];
    for await (const { lastKey } of listVersions(s3, guard, { bucket: 'b', prefix: '' })) found.push(lastKey);
    return found;
  };
  expect(await runWithS3(clock, list())).toEqual([WIDE, null]);
});
