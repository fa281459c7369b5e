import { describe, expect, it } from 'vitest';
import { BreakwaterError } from '../../../../src/errors.ts';
import { createAgeClock } from '../../../../src/sweep/select/age-clock.ts';
import { createItemFilter, type ItemConditions } from '../../../../src/sweep/select/item-filter.ts';
import { selectNamed } from '../../../../src/sweep/select/select-named.ts';
import type { SweepItem, SweepPage } from '../../../../src/sweep/sweep-item.ts';
import { FakeObjectStore, listedObject, type FakeStoreOptions } from '../../../support/fake-object-store.ts';
import { sweepItem } from '../../../support/sweep-pages.ts';

const STORE_NOW_MS = 1_700_000_000_000;
const OURS_MS = STORE_NOW_MS + 500_000;
const UNKNOWN = { sizeBytes: null, lastModifiedMs: null, etag: null };
const named = (key: string, known: Partial<SweepItem> = {}): SweepItem => sweepItem(key, { ...UNKNOWN, ...known });
const stored = (key: string, ageMs: number) => listedObject(key, { ageMs, nowMs: STORE_NOW_MS });

async function select(
  items: readonly SweepItem[],
  conditions: Partial<ItemConditions> = {},
  options: FakeStoreOptions = {},
) {
  const store = new FakeObjectStore({
    storeNowMs: STORE_NOW_MS,
    pages: [{ objects: [], storeNowMs: STORE_NOW_MS }],
    ...options,
  });
  const filter = createItemFilter('p/', { olderThanMs: 1000, ...conditions });
  async function* pages(): AsyncGenerator<readonly SweepItem[]> {
    yield await Promise.resolve(items);
  }
  const found: SweepItem[] = [];
  const unreadable: SweepPage['unreadable'][number][] = [];
  const request = { bucket: 'b', prefix: 'p/', pages: pages() };
  const ageClock = createAgeClock({ now: () => OURS_MS, emit: () => undefined });
  for await (const page of selectNamed(request, { store, ageClock }, filter)) {
    found.push(...page.items);
    unreadable.push(...page.unreadable);
  }
  return { store, found, unreadable, keys: found.map(({ key }) => key) };
}

describe('selectNamed', () => {
  const denied = new BreakwaterError('access_denied', 'no', { details: { s3Code: 'AccessDenied' } });
  const down = new BreakwaterError('unavailable', 'down', { details: { reason: 'not_s3' } });
  const several = (count: number) => Array.from({ length: count }, (_, index) => named(`p/${index}`));

  it('names the key that cannot be read, and selects the others', async () => {
    const options = { stored: [stored('p/a', 5000)], unreadable: (key: string) => (key === 'p/b' ? denied : null) };
    const { keys, unreadable } = await select([named('p/a'), named('p/b')], {}, options);
    expect(keys).toEqual(['p/a']);
    expect(unreadable).toMatchObject([{ item: { key: 'p/b' }, code: 'AccessDenied', message: 'no' }]);
  });

  it('looks up 100 keys first, and the rest once one of them was answered', async () => {
    const { store } = await select(several(300), {}, { unreadable: (key) => (key === 'p/150' ? null : denied) });
    expect(store.lookedUp.map(({ length }) => length)).toEqual([100, 100, 100]);
    const { store: healthy } = await select(several(300), {});
    expect(healthy.lookedUp.map(({ length }) => length)).toEqual([100, 200]);
  });

  it('fails where the store answers about no key, but not where one key fails among others', async () => {
    await expect(select(several(2), {}, { unreadable: () => down })).rejects.toBe(down);
    const items = [named('p/a', { lastModifiedMs: STORE_NOW_MS - 5000, etag: '"e"' }), named('p/b')];
    const { unreadable } = await select(items, {}, { unreadable: () => down });
    expect(unreadable).toMatchObject([{ item: { key: 'p/b' }, code: 'not_s3' }]);
  });

  it('asks the store for an unknown age, and uses its clock', async () => {
    const options = { stored: [stored('p/old', 1000), stored('p/young', 999)] };
    const { keys, store } = await select([named('p/old'), named('p/young'), named('p/missing')], {}, options);
    expect(keys).toEqual(['p/old']);
    expect(store.lookedUp).toEqual([['p/old', 'p/young', 'p/missing']]);
  });

  it('returns the ETag, so that the delete is conditional', async () => {
    const { found } = await select([named('p/a')], {}, { stored: [{ ...stored('p/a', 5000), etag: '"e"' }] });
    expect(found).toMatchObject([{ key: 'p/a', etag: '"e"', versionId: null }]);
  });

  it('sends no request if any age and size match', async () => {
    const { keys, store } = await select([named('p/a')], { olderThanMs: 0 });
    expect(keys).toEqual(['p/a']);
    expect([store.lookedUp, store.listed]).toEqual([[], []]);
  });

  it('asks the store for an unknown size', async () => {
    const { keys, store } = await select(
      [named('p/a')],
      { olderThanMs: 0, minSizeBytes: 10 },
      { stored: [stored('p/a', 0)] },
    );
    expect(keys).toEqual(['p/a']);
    expect(store.lookedUp).toHaveLength(1);
  });

  it('skips keys outside the prefix or the patterns without a request', async () => {
    const patterns = { include: [], exclude: ['*.keep'] };
    const { keys, store } = await select([named('q/a'), named('p/a.keep')], { patterns });
    expect(keys).toEqual([]);
    expect(store.lookedUp).toEqual([]);
  });

  it('selects a key once if it is named twice', async () => {
    expect((await select([named('p/a'), named('p/a')], { olderThanMs: 0 })).keys).toEqual(['p/a']);
  });

  it('uses the time of an inventory with ETags, by the clock of the store', async () => {
    const old = named('p/old', { lastModifiedMs: STORE_NOW_MS - 1000, etag: '"e"', sizeBytes: 1 });
    const young = named('p/young', { lastModifiedMs: STORE_NOW_MS - 999, etag: '"e"', sizeBytes: 1 });
    const { keys, store } = await select([old, young]);
    expect(keys).toEqual(['p/old']);
    expect(store.lookedUp).toEqual([]);
    expect(store.listed).toHaveLength(1);
  });

  it('asks about old objects of an inventory without ETags, and not about the rest', async () => {
    const old = named('p/old', { lastModifiedMs: STORE_NOW_MS - 5000, sizeBytes: 1 });
    const young = named('p/young', { lastModifiedMs: STORE_NOW_MS - 999, sizeBytes: 1 });
    // It was overwritten since.
    const { keys, store } = await select([old, young], {}, { stored: [stored('p/old', 10)] });
    expect(keys).toEqual([]);
    expect(store.lookedUp).toEqual([['p/old']]);
  });
});
