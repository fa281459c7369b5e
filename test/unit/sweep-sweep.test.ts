import { describe, expect, it } from 'vitest';
import { BreakwaterError, type ErrorCode } from '../../src/errors.ts';
import type { Event } from '../../src/events.ts';
import { surveySweep, sweep } from '../../src/sweep/sweep.ts';
import { FakeObjectStore, listedObject, type FakePage, type FakeStoreOptions } from '../support/fake-object-store.ts';

const STORE_NOW_MS = 1_700_000_000_000;
const REQUEST = { bucket: 'b', prefix: 'logs/', olderThanMs: 1000 };

function page(names: Readonly<Record<string, number>>, storeNowMs: number | null = STORE_NOW_MS): FakePage {
  const objects = Object.entries(names).map(([key, ageMs]) => listedObject(key, { ageMs, nowMs: STORE_NOW_MS }));
  return { objects, storeNowMs };
}

function pageOf(count: number): FakePage {
  return page(Object.fromEntries(Array.from({ length: count }, (_, number) => [`k${number}`, 5000])));
}

function prepare(options: FakeStoreOptions, now = (): number => STORE_NOW_MS) {
  const store = new FakeObjectStore(options);
  const events: Event[] = [];
  return { store, events, context: { store, now, emit: (event: Event) => events.push(event) } };
}

const denied = { code: 'AccessDenied', message: 'no' };

async function codeOf(promise: Promise<unknown>): Promise<ErrorCode> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BreakwaterError);
  return (error as BreakwaterError).code;
}

describe('surveySweep', () => {
  it('counts what a sweep would delete and sends no delete', async () => {
    const { store, events, context } = prepare({ pages: [page({ a: 5000, b: 10 }), page({ c: 1000 })] });
    const survey = await surveySweep(REQUEST, context);
    expect(survey).toMatchObject({ objects: 2, bytes: 20, samples: ['a', 'c'] });
    expect(store.batches).toEqual([]);
    expect(events).toEqual([]);
  });

  it('matches exactly what the sweep deletes', async () => {
    const pages = [page({ a: 5000, b: 10, c: 999 }), page({ d: 1000, e: 1001 })];
    const survey = await surveySweep(REQUEST, prepare({ pages }).context);
    const { store, context } = prepare({ pages });
    await sweep(REQUEST, context);
    expect(store.batches.flat()).toEqual(survey.samples);
  });
});

describe('sweep', () => {
  it('deletes what is past its age, page by page, and leaves the rest', async () => {
    const { store, events, context } = prepare({ pages: [page({ a: 5000, b: 10 }), page({ c: 1000, d: 999 })] });
    expect(await sweep(REQUEST, context)).toMatchObject({ matched: 2, deleted: 2, deletedBytes: 20, failed: 0 });
    expect(store.batches).toEqual([['a'], ['c']]);
    expect(events).toEqual([
      { kind: 'objects_swept', bucket: 'b', deleted: 1, failed: 0, bytes: 10 },
      { kind: 'objects_swept', bucket: 'b', deleted: 1, failed: 0, bytes: 10 },
      { kind: 'sweep_finished', bucket: 'b', deleted: 2, failed: 0 },
    ]);
  });

  it('lists without a circuit', async () => {
    const { store, context } = prepare({ pages: [page({ a: 5000 })] });
    await sweep(REQUEST, context);
    expect(store.listed).toEqual([{ bucket: 'b', prefix: 'logs/', circuit: null }]);
  });

  it.each([
    ['by the clock of the store, not by ours', STORE_NOW_MS, STORE_NOW_MS + 10_000, []],
    ['by our clock only where the store tells none', null, STORE_NOW_MS + 10_000, ['young']],
  ])('judges age %s', async (_what, storeNowMs, ourNowMs, expected) => {
    const { store, context } = prepare({ pages: [page({ young: 10 }, storeNowMs)] }, () => ourNowMs);
    await sweep(REQUEST, context);
    expect(store.batches.flat()).toEqual(expected);
  });

  it('sends no empty batch for a page without a match', async () => {
    const { store, context } = prepare({ pages: [page({ a: 10 }), page({}), page({ b: 5000 })] });
    await sweep(REQUEST, context);
    expect(store.batches).toEqual([['b']]);
  });

  it('finishes with nothing done where nothing matches', async () => {
    const { events, context } = prepare({ pages: [] });
    expect(await sweep(REQUEST, context)).toMatchObject({ matched: 0, deleted: 0, failed: 0 });
    expect(events).toEqual([{ kind: 'sweep_finished', bucket: 'b', deleted: 0, failed: 0 }]);
  });

  it.each([
    [1000, [1000]],
    [1001, [1000, 1]],
    [2500, [1000, 1000, 500]],
  ])('sends a page of %i objects in batches of at most 1000', async (count, sizes) => {
    const { store, context } = prepare({ pages: [pageOf(count)] });
    expect((await sweep(REQUEST, context)).deleted).toBe(count);
    expect(store.batches.map(({ length }) => length)).toEqual(sizes);
    expect(new Set(store.batches.flat()).size).toBe(count);
  });

  it('counts the keys that stayed, and goes on', async () => {
    const refuses = (key: string) => (key === 'a' ? { code: 'InternalError', message: 'oops' } : null);
    const { events, context } = prepare({ pages: [page({ a: 5000, b: 5000 }), page({ c: 5000 })], refuses });
    const tally = await sweep(REQUEST, context);
    expect(tally).toMatchObject({ matched: 3, deleted: 2, failed: 1, denied: 0 });
    expect(tally.failures).toEqual([{ key: 'a', code: 'InternalError', message: 'oops' }]);
    expect(events.at(-1)).toEqual({ kind: 'sweep_finished', bucket: 'b', deleted: 2, failed: 1 });
  });

  it('leaves a batch that failed as a whole for the next sweep, and goes on', async () => {
    const failBatch = (batch: number) =>
      batch === 1 ? new BreakwaterError('unavailable', 'down', { details: { s3Code: 'SlowDown' } }) : null;
    const { context } = prepare({ pages: [page({ a: 5000, b: 5000 }), page({ c: 5000 })], failBatch });
    const tally = await sweep(REQUEST, context);
    expect(tally).toMatchObject({ matched: 3, deleted: 1, failed: 2 });
    expect(tally.failures.map(({ key, code }) => [key, code])).toEqual([
      ['a', 'SlowDown'],
      ['b', 'SlowDown'],
    ]);
  });

  const endings: readonly ErrorCode[] = ['interrupted', 'deadline', 'config', 'internal', 'access_denied', 'not_found'];
  it.each(endings)('ends at once when a batch ends with %s', async (code) => {
    const failBatch = () => new BreakwaterError(code, 'over');
    const { store, context } = prepare({ pages: [page({ a: 5000 }), page({ b: 5000 })], failBatch });
    expect(await codeOf(sweep(REQUEST, context))).toBe(code);
    expect(store.batches).toEqual([['a']]);
    expect(store.pagesTaken).toBe(1);
  });

  it('lets a bug through as it is', async () => {
    const bug = new TypeError('bug');
    const { context } = prepare({ pages: [page({ a: 5000 })], failBatch: () => bug });
    await expect(sweep(REQUEST, context)).rejects.toBe(bug);
  });

  it.each([
    ['ends as access_denied when every delete was denied', ['a', 'b'], 'access_denied'],
    ['is done when one of them was not', ['a'], null],
  ])('%s', async (_what, deniedKeys, expected) => {
    const refuses = (key: string) => (deniedKeys.includes(key) ? denied : null);
    const { context } = prepare({ pages: [page({ a: 5000 }), page({ b: 5000 })], refuses });
    const run = sweep(REQUEST, context);
    if (expected === null) expect(await run).toMatchObject({ denied: 1, failed: 1, deleted: 1 });
    else expect(await codeOf(run)).toBe(expected);
  });
});
