import { describe, expect, it } from 'vitest';
import { createAgeClock } from '../../../../src/sweep/select/age-clock.ts';
import { selectItems, type SelectionRequest } from '../../../../src/sweep/select/select-items.ts';
import type { SweepPage } from '../../../../src/sweep/sweep-item.ts';
import { FakeObjectStore, listedObject, type FakePage } from '../../../support/fake-object-store.ts';

const STORE_NOW_MS = 1_700_000_000_000;
const REQUEST: SelectionRequest = { bucket: 'b', prefix: '', olderThanMs: 1000 };

function page(names: Readonly<Record<string, number>>, storeNowMs: number | null = STORE_NOW_MS): FakePage {
  const objects = Object.entries(names).map(([key, ageMs]) => listedObject(key, { ageMs, nowMs: STORE_NOW_MS }));
  return { objects, storeNowMs };
}

async function select(
  pages: readonly FakePage[],
  nowMs = STORE_NOW_MS,
  request: Partial<SelectionRequest> = {},
): Promise<readonly SweepPage[]> {
  const found: SweepPage[] = [];
  const context = {
    store: new FakeObjectStore({ pages }),
    ageClock: createAgeClock({ now: () => nowMs, emit: () => undefined }),
  };
  for await (const selected of selectItems({ ...REQUEST, ...request }, context)) found.push(selected);
  return found;
}

const keysOf = (pages: readonly SweepPage[]): string[] => pages.flatMap(({ items }) => items.map(({ key }) => key));

describe('selectItems', () => {
  it('selects what is old enough, page by page', async () => {
    expect(keysOf(await select([page({ a: 5000, b: 999 }), page({ c: 1000 })]))).toEqual(['a', 'c']);
  });

  it.each([
    ['by the clock of the store, not by ours', STORE_NOW_MS, STORE_NOW_MS + 10_000, []],
    ['by our clock only where the store tells none', null, STORE_NOW_MS + 10_000, ['young']],
  ])('judges age %s', async (_what, storeNowMs, ourNowMs, expected) => {
    expect(keysOf(await select([page({ young: 10 }, storeNowMs)], ourNowMs))).toEqual(expected);
  });

  it('reports which keys each page completes', async () => {
    const pages = await select([page({ a: 5000, b: 10 }), page({ c: 5000 })], STORE_NOW_MS, { listConcurrency: 1 });
    expect(pages.map(({ span }) => span)).toEqual([
      { after: null, through: 'b' },
      { after: 'b', through: null },
    ]);
  });
});
