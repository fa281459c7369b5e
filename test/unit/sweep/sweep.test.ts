import { describe, expect, it } from 'vitest';
import { BreakwaterError, type ErrorCode } from '../../../src/errors.ts';
import type { KeySpan, SweepPage } from '../../../src/sweep/sweep-item.ts';
import { sweep } from '../../../src/sweep/sweep.ts';
import { TIME_IS_OVER } from '../../../src/sweep/time-is-over.ts';
import { prepare, REQUEST } from '../../support/fake-sweep.ts';
import { turn } from '../../support/virtual-clock.ts';
import { keysUpTo, pagesOf, sweepItem, sweepPage } from '../../support/sweep-pages.ts';

const denied = { code: 'AccessDenied', message: 'no' };
const oops = { code: 'InternalError', message: 'oops' };

describe('sweep', () => {
  it('deletes the items of the pages, and reports each batch', async () => {
    const { store, events, context } = prepare();
    const result = await sweep(pagesOf([sweepPage(['a', 'b']), sweepPage(['c'])]), REQUEST, context);
    expect(result.ending).toEqual({ kind: 'complete' });
    expect(result.tally).toMatchObject({ matched: 3, deleted: 3, deletedBytes: 30, changed: 0, failed: 0 });
    expect(store.batches).toEqual([['a', 'b'], ['c']]);
    expect(events).toEqual([
      { kind: 'objects_swept', bucket: 'b', matched: 2, deleted: 2, changed: 0, failed: 0, bytes: 20 },
      { kind: 'objects_swept', bucket: 'b', matched: 1, deleted: 1, changed: 0, failed: 0, bytes: 10 },
      { kind: 'sweep_finished', bucket: 'b', deleted: 3, failed: 0 },
    ]);
  });

  it('finishes with nothing done if nothing matches', async () => {
    const { store, events, context } = prepare();
    const { tally } = await sweep(pagesOf([sweepPage([]), sweepPage([])]), REQUEST, context);
    expect(tally).toMatchObject({ matched: 0, deleted: 0, failed: 0 });
    expect(store.batches).toEqual([]);
    expect(events).toEqual([{ kind: 'sweep_finished', bucket: 'b', deleted: 0, failed: 0 }]);
  });

  it.each([
    [[1000], [1000]],
    [[1001], [1000, 1]],
    [
      [400, 400, 400, 400],
      [400, 1000, 200],
    ],
    [[2500], [1000, 1000, 500]],
  ])('fills batches of at most 1000 from pages of %j while another is on its way', async (pages, sizes) => {
    let first = 0;
    const filled = pages.map((count) => sweepPage(keysUpTo(count, (first += count) - count)));
    const gate = Promise.withResolvers<void>();
    const { store, context } = prepare({ beforeResponse: async () => await gate.promise });
    const running = sweep(pagesOf(filled), REQUEST, context);
    for (let turns = 0; turns < 20; turns += 1) await turn();
    gate.resolve();
    const { tally } = await running;
    expect(store.batches.map(({ length }) => length)).toEqual(sizes);
    expect(new Set(store.batches.flat()).size).toBe(tally.deleted);
  });

  it('does not wait forever for a batch to fill if few keys match', async () => {
    const few = Array.from({ length: 100 }, () => sweepPage([], { after: 'b', through: 'c' }));
    const gate = Promise.withResolvers<void>();
    const { store, context } = prepare({ beforeResponse: async () => await gate.promise });
    const sentAt: number[] = [];
    const running = sweep(
      pagesOf([sweepPage(['a']), sweepPage(['b']), ...few], (index) => store.batches.length > 1 && sentAt.push(index)),
      REQUEST,
      context,
    );
    while (sentAt.length === 0) await turn();
    expect(sentAt[0]).toBeLessThanOrEqual(66);
    gate.resolve();
    expect((await running).tally.deleted).toBe(2);
  });

  it('counts the keys that are left, passes on their names, and continues', async () => {
    const refuses = (key: string) => (key === 'a' ? oops : null);
    const { events, left, context } = prepare({ refuses, overwritten: ['b'] });
    const { tally } = await sweep(pagesOf([sweepPage(['a', 'b', 'c'])]), REQUEST, context);
    expect(tally).toMatchObject({ matched: 3, deleted: 1, changed: 1, failed: 1, denied: 0, deletedBytes: 10 });
    expect(tally.failures).toEqual([{ key: 'a', versionId: null, ...oops }]);
    expect(left).toEqual(tally.failures);
    expect(events.at(-1)).toEqual({ kind: 'sweep_finished', bucket: 'b', deleted: 1, failed: 1 });
  });

  it('leaves a batch that failed as a whole for the next sweep, and continues', async () => {
    const failBatch = (batch: number) =>
      batch === 1 ? new BreakwaterError('unavailable', 'down', { details: { s3Code: 'SlowDown' } }) : null;
    const { context } = prepare({ failBatch });
    const { tally, ending } = await sweep(pagesOf([sweepPage(keysUpTo(1001))]), REQUEST, context);
    expect(ending.kind).toBe('complete');
    expect(tally).toMatchObject({ matched: 1001, deleted: 1, failed: 1000 });
    expect(tally.failures[0]).toMatchObject({ key: 'k0', code: 'SlowDown' });
  });

  const endings: readonly ErrorCode[] = ['interrupted', 'deadline', 'config', 'internal', 'access_denied', 'not_found'];
  it.each(endings)('ends at once when a batch ends with %s, with what was done until then', async (code) => {
    const failBatch = (batch: number) => (batch === 2 ? new BreakwaterError(code, 'over') : null);
    const taken: number[] = [];
    const { store, events, context } = prepare({ failBatch });
    const pages = [0, 1, 2, 3, 4, 5, 6, 7].map((number) => sweepPage(keysUpTo(1000, number * 1000)));
    const slow = async function* slowly(): AsyncGenerator<SweepPage> {
      for await (const page of pagesOf(pages, (index) => taken.push(index))) {
        yield page;
        await turn();
      }
    };
    const { tally, ending } = await sweep(slow(), REQUEST, context);
    expect(ending).toMatchObject({ kind: 'failed', error: { code } });
    expect(tally).toMatchObject({ deleted: 1000, failed: 1000 });
    expect(store.batches).toHaveLength(2);
    expect(taken.length).toBeLessThan(pages.length);
    expect(events.some(({ kind }) => kind === 'sweep_finished')).toBe(false);
  });

  it('ends with what was done when the listing fails', async () => {
    const { context } = prepare();
    const failing = async function* fail(): AsyncGenerator<SweepPage> {
      yield* pagesOf([sweepPage(keysUpTo(1000))]);
      throw new BreakwaterError('unavailable', 'the listing is down');
    };
    const { tally, ending } = await sweep(failing(), REQUEST, context);
    expect(tally.deleted).toBe(1000);
    expect(ending).toMatchObject({ kind: 'failed', error: { code: 'unavailable' } });
  });

  it('throws a bug as it is, after the open batches', async () => {
    const bug = new TypeError('bug');
    const { store, context } = prepare({ failBatch: (batch) => (batch === 1 ? bug : null) });
    await expect(sweep(pagesOf([sweepPage(keysUpTo(1500))]), REQUEST, context)).rejects.toBe(bug);
    expect(store.open).toBe(0);
  });

  it('fails if the report cannot be written', async () => {
    const full = new BreakwaterError('local_io', 'disk full');
    const { context } = prepare({ refuses: () => oops }, { onLeft: async () => await Promise.reject(full) });
    const { ending } = await sweep(pagesOf([sweepPage(['a'])]), REQUEST, context);
    expect(ending).toEqual({ kind: 'failed', error: full });
  });

  it.each([
    ['ends as access_denied when every delete was denied', ['a', 'b'], 'failed'],
    ['is done when one of them was not', ['a'], 'complete'],
  ])('%s', async (_what, deniedKeys, expected) => {
    const refuses = (key: string) => (deniedKeys.includes(key) ? denied : null);
    const { context } = prepare({ refuses });
    const { ending } = await sweep(pagesOf([sweepPage(['a', 'b'])]), REQUEST, context);
    expect(ending.kind).toBe(expected);
    if (ending.kind === 'failed') expect(ending.error.code).toBe('access_denied');
  });
});

describe('what a sweep did not do', () => {
  const stayed = (key: string, code: string) => ({ item: sweepItem(key), code, message: 'why' });

  it('is counted and named where an item could not be checked', async () => {
    const { left, events, context } = prepare();
    const page: SweepPage = { ...sweepPage(['a']), unreadable: [stayed('b', 'http_400')] };
    const { tally, ending } = await sweep(pagesOf([page]), REQUEST, context);
    expect(tally).toMatchObject({ matched: 2, deleted: 1, failed: 1, notTried: 0 });
    expect(ending.kind).toBe('complete');
    expect(left).toMatchObject([{ key: 'b', code: 'http_400' }]);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'objects_swept', matched: 1, failed: 1 }));
  });

  it.each([
    ['an interruption', new BreakwaterError('interrupted', 'SIGINT', { details: { reason: 'sigint' } })],
    ['a deadline', new BreakwaterError('deadline', 'over')],
    ['the time limit', new BreakwaterError('interrupted', 'over', { details: { reason: TIME_IS_OVER } })],
  ])('is not tried after %s: neither matched nor failed', async (_what, reason) => {
    const gate = Promise.withResolvers<void>();
    const { store, stop, context } = prepare({ beforeResponse: async () => await gate.promise });
    const running = sweep(pagesOf([sweepPage(keysUpTo(2500))]), REQUEST, {
      ...context,
      isOurs: () => store.open === 0 || stopNow(),
    });
    const stopNow = (): boolean => {
      stop.abort(reason);
      return true;
    };
    while (store.open < 1) await turn();
    gate.resolve();
    const { tally } = await running;
    expect(tally.matched).toBe(tally.deleted);
    expect(tally.matched + tally.notTried).toBe(2500);
    expect(tally).toMatchObject({ failed: 0 });
  });

  it('is not tried after an error that ends the sweep', async () => {
    const failBatch = (batch: number) => (batch === 1 ? new BreakwaterError('config', 'over') : null);
    const { context } = prepare({ failBatch });
    const { tally } = await sweep(
      pagesOf([sweepPage(keysUpTo(1000)), sweepPage(keysUpTo(10, 1000))]),
      REQUEST,
      context,
    );
    expect(tally.matched + tally.notTried).toBeGreaterThanOrEqual(1000);
    expect(tally.failed).toBe(1000);
  });

  it('is not counted behind a limit', async () => {
    const { context } = prepare();
    const limits = { maxDelete: 3, maxBytes: null };
    const { tally } = await sweep(pagesOf([sweepPage(keysUpTo(10))]), { ...REQUEST, limits }, context);
    expect(tally).toMatchObject({ matched: 3, notTried: 0 });
  });

  it.each([
    ['deletes', () => pagesOf(Array.from({ length: 80 }, (_, page) => sweepPage(keysUpTo(100, page * 100))))],
    [
      'looks',
      () =>
        pagesOf(
          Array.from({ length: 80 }, (_, page) => ({
            ...sweepPage([]),
            unreadable: keysUpTo(10, page * 10).map((key) => stayed(key, 'http_403')),
          })),
        ),
    ],
  ])('stops early where all %s are denied', async (_what, pages) => {
    const { store, left, context } = prepare({ refuses: () => denied });
    const { ending, tally } = await sweep(pages(), REQUEST, context);
    expect(ending).toMatchObject({ kind: 'failed', error: { code: 'access_denied' } });
    expect(store.batches.flat().length + left.length).toBeLessThan(2000);
    expect(tally.denied).toBe(tally.matched);
  });

  it('is no lack of access where one named key is denied and another could be read', async () => {
    const { context } = prepare();
    const page: SweepPage = { ...sweepPage([]), unreadable: [stayed('a', 'AccessDenied')], isReadable: true };
    expect((await sweep(pagesOf([page]), REQUEST, context)).ending.kind).toBe('complete');
    const denial: SweepPage = { ...page, isReadable: false };
    expect((await sweep(pagesOf([denial]), REQUEST, context)).ending).toMatchObject({
      error: { code: 'access_denied' },
    });
  });

  it('does not stop for the keys that a policy protects among others', async () => {
    const refuses = (key: string) => (Number(key.slice(1)) < 90 ? denied : null);
    const { context } = prepare({ refuses });
    const { ending, tally } = await sweep(
      pagesOf([sweepPage(keysUpTo(90)), sweepPage(keysUpTo(90, 90))]),
      REQUEST,
      context,
    );
    expect(ending.kind).toBe('complete');
    expect(tally).toMatchObject({ deleted: 90, failed: 90 });
  });
});

describe('a sweep at work', () => {
  it('reads pages while batches are deleted, with at most 32 open batches', async () => {
    const gate = Promise.withResolvers<void>();
    const { store, context } = prepare({ beforeResponse: async () => await gate.promise });
    const taken: number[] = [];
    const pages = Array.from({ length: 80 }, (_, number) => sweepPage(keysUpTo(1000, number * 1000)));
    const running = sweep(
      pagesOf(pages, (index) => taken.push(index)),
      REQUEST,
      context,
    );
    while (store.open < 32) await turn();
    for (let turns = 0; turns < 100; turns += 1) await turn();
    expect(taken).toHaveLength(33);
    gate.resolve();
    expect((await running).tally.deleted).toBe(80_000);
    expect(store.openMax).toBe(32);
  });

  it.each([
    [new BreakwaterError('interrupted', 'SIGTERM', { details: { reason: 'sigterm' } }), 'failed'],
    [new BreakwaterError('deadline', 'over'), 'failed'],
    [new BreakwaterError('interrupted', 'over', { details: { reason: TIME_IS_OVER } }), 'time'],
  ] as const)('begins nothing new after "%s", and ends when the batches under way have', async (reason, kind) => {
    const gate = Promise.withResolvers<void>();
    const { store, stop, context } = prepare({ beforeResponse: async () => await gate.promise });
    // The page that it waits for never comes.
    const stuck = async function* hang(): AsyncGenerator<SweepPage> {
      yield* pagesOf([sweepPage(keysUpTo(1500))]);
      await new Promise(() => undefined);
    };
    const running = sweep(stuck(), REQUEST, context);
    while (store.open < 1) await turn();
    stop.abort(reason);
    gate.resolve();
    const { tally, ending } = await running;
    expect(ending).toEqual(kind === 'time' ? { kind } : { kind, error: reason });
    expect(tally).toMatchObject({ matched: 1000, deleted: 1000 });
    expect(store.batches).toHaveLength(1);
  });

  it('ends as locked when another process has taken over', async () => {
    let isOurs = true;
    const { store, context } = prepare(
      {
        beforeResponse: async () => {
          isOurs = false;
          await Promise.resolve();
        },
      },
      { isOurs: () => isOurs },
    );
    const pages = [0, 1, 2].map((number) => sweepPage(keysUpTo(1000, number * 1000)));
    const { ending } = await sweep(pagesOf(pages), REQUEST, context);
    expect(ending).toMatchObject({ kind: 'failed', error: { code: 'locked' } });
    expect(store.batches.length).toBeLessThan(3);
  });

  it('reports keys as settled when the batch with the last of them has its response', async () => {
    const spans: readonly KeySpan[] = [
      { after: null, through: 'a' },
      { after: 'a', through: 'b' },
      { after: 'b', through: 'c' },
      { after: 'c', through: null },
    ];
    const gate = Promise.withResolvers<void>();
    const { store, settled, context } = prepare({ beforeResponse: async () => await gate.promise });
    const seen: number[][] = [];
    const pages = spans.map((span, number) => sweepPage(number === 3 ? [] : keysUpTo(600, number * 600), span));
    const running = sweep(
      pagesOf(pages, () => seen.push([store.batches.flat().length, settled.length])),
      REQUEST,
      context,
    );
    while (seen.length < 4) await turn();
    expect(seen.map(([sent]) => sent)).toEqual([0, 600, 600, 1600]);
    expect(settled).toEqual([]);
    gate.resolve();
    await running;
    expect(settled.toSorted((a, b) => ((a.after ?? '') < (b.after ?? '') ? -1 : 1))).toEqual(spans);
  });

  it('settles nothing that is left for the next sweep', async () => {
    const { settled, stop, context } = prepare();
    stop.abort(new BreakwaterError('interrupted', 'SIGTERM'));
    await sweep(pagesOf([sweepPage(['a'], { after: null, through: null })]), REQUEST, context);
    expect(settled).toEqual([]);
  });
});

describe('the limits of a sweep', () => {
  it.each([
    ['max-delete', { maxDelete: 1200, maxBytes: null }, 1200, 'max_delete'],
    ['max-bytes', { maxDelete: null, maxBytes: 12_005 }, 1200, 'max_bytes'],
    ['the first of both', { maxDelete: 5, maxBytes: 12_005 }, 5, 'max_delete'],
  ])('stop it by %s, with not one more asked for', async (_what, limits, expected, limit) => {
    const { store, events, context } = prepare();
    const { tally, ending } = await sweep(pagesOf([sweepPage(keysUpTo(3000))]), { ...REQUEST, limits }, context);
    expect(ending).toEqual({ kind: 'limit', limit });
    expect(store.batches.flat()).toHaveLength(expected);
    expect(tally.deleted).toBe(expected);
    expect(events.some(({ kind }) => kind === 'sweep_finished')).toBe(false);
  });

  it('are not reached by exactly the limit', async () => {
    const { context } = prepare();
    const limits = { maxDelete: 3, maxBytes: 30 };
    const { ending } = await sweep(pagesOf([sweepPage(['a', 'b', 'c'])]), { ...REQUEST, limits }, context);
    expect(ending.kind).toBe('complete');
  });

  it('count what was requested, not what was deleted', async () => {
    const { store, context } = prepare({ refuses: () => oops });
    const limits = { maxDelete: 2, maxBytes: null };
    await sweep(pagesOf([sweepPage(keysUpTo(10))]), { ...REQUEST, limits }, context);
    expect(store.batches.flat()).toHaveLength(2);
  });

  it('in bytes are exceeded by an object of unknown size', async () => {
    const { store, context } = prepare();
    const page: SweepPage = {
      items: [sweepItem('a', { sizeBytes: null })],
      unknownAge: [],
      unreadable: [],
      isReadable: false,
      span: null,
    };
    const limits = { maxDelete: null, maxBytes: 1_000_000 };
    const { ending } = await sweep(pagesOf([page]), { ...REQUEST, limits }, context);
    expect(ending).toEqual({ kind: 'limit', limit: 'max_bytes', blockedBy: page.items[0] });
    expect(store.batches).toEqual([]);
  });
});
