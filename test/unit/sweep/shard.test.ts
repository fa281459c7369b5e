import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListedVersion } from '../../../src/s3/list/list-versions.ts';
import { claimSweep, nameSweep } from '../../../src/sweep/claim-sweep.ts';
import { createAgeClock } from '../../../src/sweep/select/age-clock.ts';
import { selectItems, type SelectionSource } from '../../../src/sweep/select/select-items.ts';
import { formatShard, holdsKey, parseShard, takeEveryNth, type Shard } from '../../../src/sweep/shard.ts';
import { FakeObjectStore, listedObject } from '../../support/fake-object-store.ts';
import { keySet, sortKeys } from '../../support/key-sets.ts';
import { createMemoryUnfinishedWork } from '../../support/memory-unfinished-work.ts';
import { ODD_PATHS, UNSAFE_KEYS } from '../../support/odd-names.ts';
import { sweepItem } from '../../support/sweep-pages.ts';

const NOW_MS = 1_700_000_000_000;
const shards = (of: number): readonly Shard[] => Array.from({ length: of }, (_, index) => ({ number: index + 1, of }));
const ODD_KEYS = [...Object.values(ODD_PATHS), ...Object.values(UNSAFE_KEYS)];

/** Key and version of each item that a shard would delete. */
async function select(
  shard: Shard | null,
  { keys = [] as readonly string[], versions = [] as readonly ListedVersion[], source = 'objects' as Source },
): Promise<readonly string[]> {
  const objects = sortKeys(keys).map((key) => listedObject(key, { ageMs: 5000, nowMs: NOW_MS }));
  const store = new FakeObjectStore({ pages: [{ objects, storeNowMs: NOW_MS }] });
  const listVersions = async function* listed() {
    yield await Promise.resolve({ versions, isLast: true, storeNowMs: NOW_MS });
  };
  const named: SelectionSource = {
    kind: 'named',
    open: async function* open() {
      // Twice: a list may repeat a key.
      for (let pass = 0; pass < 2; pass += 1) yield await Promise.resolve(keys.map((key) => sweepItem(key)));
    },
  };
  const request = { bucket: 'b', prefix: '', olderThanMs: 0, shard, listConcurrency: 1 };
  const ageClock = createAgeClock({ now: () => NOW_MS, emit: () => undefined });
  const found: string[] = [];
  const tools = { store: Object.assign(store, { listVersions }), ageClock };
  const chosen = source === 'named' ? named : { kind: source };
  for await (const { items, unreadable } of selectItems({ ...request, source: chosen }, tools)) {
    found.push(...[...items, ...unreadable.map(({ item }) => item)].map((item) => `${item.key}\0${item.versionId}`));
  }
  return found;
}

type Source = 'objects' | 'versions' | 'named';

const ofKey = (entry: string): string => entry.slice(0, entry.lastIndexOf('\0'));

describe('a shard', () => {
  it.each([
    '0/4',
    '5/4',
    '1/0',
    '1',
    '1/',
    '/4',
    '1/4/2',
    '01/4',
    '1/04',
    '-1/4',
    '1.5/4',
    ' 1/4',
    '1/10001',
    'a/b',
    '',
  ])('is not %j', (text) => expect(parseShard(text)).toBeUndefined());

  it.each(['1/1', '1/4', '4/4', '64/64', '10000/10000'])('is %s', (text) => {
    const shard = parseShard(text);
    expect(shard === undefined ? null : formatShard(shard)).toBe(text);
  });

  it('never changes which keys it has, because hosts with another version must agree', () => {
    const numbers = ODD_KEYS.slice(0, 12).map((key) => shards(1000).find((shard) => holdsKey(shard, key))?.number);
    expect(numbers).toMatchInlineSnapshot(`
      [
        280,
        306,
        985,
        728,
        186,
        163,
        718,
        627,
        948,
        870,
        966,
        298,
      ]
    `);
  });

  it.each([
    ['numbers', (index: number) => `logs/${String(index).padStart(9, '0')}`],
    ['dates', (index: number) => `2026-${index % 12}-${index % 28}/${index}.gz`],
    ['ends alike', (index: number) => `${index}/data.parquet`],
  ])('has as many keys as any other, of %s', (_kind, keyOf) => {
    for (const of of [2, 8, 64]) {
      const counts = shards(of).map(() => 0);
      const keys = Array.from({ length: 16_000 }, (_, index) => keyOf(index));
      for (const shard of shards(of)) counts[shard.number - 1] = keys.filter((key) => holdsKey(shard, key)).length;
      expect(Math.min(...counts)).toBeGreaterThan((16_000 / of) * 0.7);
      expect(Math.max(...counts)).toBeLessThan((16_000 / of) * 1.3);
    }
  });
});

describe('all shards together', () => {
  const of = fc.integer({ min: 1, max: 9 });

  it.each<Source>(['objects', 'named'])('select each key exactly once (%s)', async (source) => {
    await fc.assert(
      fc.asyncProperty(keySet, of, async (generated, count) => {
        const keys = sortKeys([...generated, ...ODD_KEYS]);
        const found: string[] = [];
        for (const shard of shards(count)) found.push(...new Set(await select(shard, { keys, source })));
        expect(found.toSorted()).toEqual(keys.map((key) => `${key}\0null`).toSorted());
      }),
      { numRuns: 40 },
    );
  });

  it('select each version exactly once, and those of one key in one shard', async () => {
    const history = fc.array(fc.record({ isDeleteMarker: fc.boolean() }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(keySet, fc.array(history, { minLength: 1, maxLength: 20 }), of, async (generated, kinds, n) => {
        const versions = sortKeys([...generated, ...ODD_KEYS]).flatMap((key, index) =>
          (kinds[index % kinds.length] ?? []).map(({ isDeleteMarker }, age): ListedVersion => ({
            key,
            versionId: `v${age}`,
            isLatest: age === 0,
            isDeleteMarker,
            sizeBytes: 1,
            lastModifiedMs: NOW_MS - 5000,
            etag: null,
          })),
        );
        const parts: (readonly string[])[] = [];
        for (const shard of shards(n)) parts.push(await select(shard, { versions, source: 'versions' }));
        expect(parts.flat().toSorted()).toEqual((await select(null, { versions, source: 'versions' })).toSorted());
        const keys = parts.flatMap((part) => [...new Set(part.map(ofKey))]);
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: 40 },
    );
  });

  it('take each file of an inventory exactly once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat()), of, (files, count) => {
        const taken = shards(count).flatMap((shard) => takeEveryNth(files, shard));
        expect([taken.length, new Set(taken)]).toEqual([files.length, new Set(files)]);
      }),
    );
  });
});

describe('the lock and the checkpoint of a shard', () => {
  const job = { endpointUrl: null, bucket: 'b', prefix: 'p/' };

  it('are its own', () => {
    const parts = [null, { number: 1, of: 2 }, { number: 2, of: 2 }, { number: 1, of: 3 }];
    expect(new Set(parts.map((shard) => nameSweep({ ...job, shard }))).size).toBe(parts.length);
  });

  it('are those of the whole prefix for the only shard', () => {
    expect(nameSweep({ ...job, shard: { number: 1, of: 1 } })).toBe(nameSweep({ ...job, shard: null }));
    expect(nameSweep(job)).toBe('["aws","b","p/"]');
  });

  it('are named when they are taken', async () => {
    const unfinished = createMemoryUnfinishedWork();
    const shard = { number: 2, of: 8 };
    const id = nameSweep({ ...job, shard });
    await claimSweep(unfinished, { ...job, shard, id });
    await expect(claimSweep(unfinished, { ...job, shard, id })).rejects.toMatchObject({
      code: 'locked',
      message: 'shard 2/8 of s3://b/p/ is already being swept',
    });
  });
});
