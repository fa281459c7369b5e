/**
 * Met: stores that do not encode keys list a control character as U+FFFD (MinIO of 2018, gofakes3). A sweep deleted the
 * object whose name really has U+FFFD in it, or counted as deleted what was still there.
 * Cause: the listed key was taken for the name.
 * Fix: such a key is doubtful. It is deleted only if a look at it finds the object that was listed; otherwise it stays,
 * by name. It says nothing about the order of a listing, by which parallel listings end.
 */
import { expect, it } from 'vitest';
import type { ListedObject } from '../../src/s3/list/list-objects.ts';
import { doubtName } from '../../src/s3/list/page-encoding.ts';
import { RangePlan } from '../../src/sweep/listing/key-ranges.ts';
import { createSplitter } from '../../src/sweep/listing/split-key.ts';
import { selectItems } from '../../src/sweep/select/select-items.ts';
import { FakeObjectStore, type FakeStoreOptions } from '../support/fake-object-store.ts';

const NOW_MS = 1_700_000_000_000;
const OLD_MS = NOW_MS - 90 * 86_400_000;
const KEY = 'p/a\u{fffd}b';

const listed = (known: Partial<ListedObject> = {}): ListedObject => ({
  key: KEY,
  sizeBytes: 3,
  lastModifiedMs: OLD_MS + 250,
  etag: '"e"',
  isDoubtful: true,
  ...known,
});

const stored = (known: Partial<ListedObject> = {}): ListedObject => ({
  key: KEY,
  sizeBytes: 3,
  lastModifiedMs: OLD_MS,
  etag: '"e"',
  ...known,
});

async function select(options: FakeStoreOptions, source: 'objects' | 'versions' = 'objects') {
  const store = new FakeObjectStore(options);
  const request = { bucket: 'b', prefix: 'p/', olderThanMs: 86_400_000, source: { kind: source } };
  const [items, left]: [string[], string[]] = [[], []];
  for await (const page of selectItems(request, { store, ageClock: () => NOW_MS })) {
    items.push(...page.items.map(({ key }) => key));
    left.push(...page.unreadable.map(({ item, code }) => `${item.key} ${code}`));
  }
  return { items, left, looks: store.lookedUp };
}

it.each([
  ['is not there', []],
  ['is another object', [stored({ etag: '"f"' })]],
  ['is younger', [stored({ lastModifiedMs: NOW_MS })]],
])('keeps an object whose name %s', async (_what, found) => {
  const page = { objects: [listed(), stored({ key: 'p/c' })], storeNowMs: NOW_MS };
  const { items, left } = await select({ pages: [page], stored: found });
  expect(items).toEqual(['p/c']);
  expect(left).toEqual([`${KEY} doubtful_name`]);
});

it('deletes an object whose name really has the character, and keeps the one that is listed like it', async () => {
  const page = { objects: [listed({ etag: '"f"' }), listed()], storeNowMs: NOW_MS };
  const { items, left } = await select({ pages: [page], stored: [stored()] });
  expect(items).toEqual([KEY]);
  expect(left).toEqual([`${KEY} doubtful_name`]);
});

it('asks for nothing when no key is doubtful, or none that matches', async () => {
  const sure = { key: 'p/c', sizeBytes: 3, lastModifiedMs: OLD_MS, etag: '"e"' };
  const page = { objects: [sure, listed({ lastModifiedMs: NOW_MS })], storeNowMs: NOW_MS };
  expect(await select({ pages: [page] })).toEqual({ items: ['p/c'], left: [], looks: [] });
});

it('keeps a version whose name is doubtful', async () => {
  const version = { ...listed(), versionId: 'v', isLatest: false, isDeleteMarker: false };
  const { items, left } = await select({ versionPages: [{ versions: [version], storeNowMs: NOW_MS }] }, 'versions');
  expect(items).toEqual([]);
  expect(left).toEqual([`${KEY} doubtful_name`]);
});

it('doubts a key only where it is not encoded', () => {
  expect(doubtName(KEY, 'none')).toEqual({ isDoubtful: true });
  expect(doubtName(KEY, 'unsaid')).toEqual({ isDoubtful: true });
  expect(doubtName(KEY, 'url')).toEqual({});
  expect(doubtName('p/a', 'none')).toEqual({});
});

it('does not end a range at a doubtful key', () => {
  const plan = new RangePlan({ prefix: '', rangesMax: 1, splitter: createSplitter() });
  const range = plan.begin({ after: null, through: 'c' });
  const doubtful = { key: 'a\u{fffd}', isDoubtful: true } as const;
  const past = { key: 'z\u{fffd}', isDoubtful: true } as const;
  expect(plan.take(range, { entries: [{ key: 'a' }, doubtful, past], isLast: false })).toMatchObject({
    entries: [{ key: 'a' }, doubtful, past],
    isDone: false,
  });
  const next = plan.take(range, { entries: [{ key: 'aa' }, { key: 'd' }, doubtful], isLast: false });
  expect(next).toMatchObject({ entries: [{ key: 'aa' }], isDone: true });
});
