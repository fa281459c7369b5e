import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sweepObjects } from '../../../src/sweep/run-sweep.ts';
import { limitTime } from '../../../src/sweep/time-limit.ts';
import type { Event } from '../../../src/events.ts';
import { claimSweep, nameSweep } from '../../../src/sweep/claim-sweep.ts';
import type { KeySpan, SweepPage } from '../../../src/sweep/sweep-item.ts';
import { NO_LIMITS } from '../../../src/sweep/sweep-limits.ts';
import { runWithS3 } from '../../support/fake-s3.ts';
import { FakeObjectStore, type FakeStoreOptions } from '../../support/fake-object-store.ts';
import { sweepItem } from '../../support/sweep-pages.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const PAGE_MS = 1000;
const keyOf = (number: number): string => `k${String(number).padStart(4, '0')}`;

/** A prefix of ten pages with ten keys each, of which few are to go; each page takes a second. */
function prepare(toGo: (number: number) => boolean, options: FakeStoreOptions = {}) {
  const clock = new VirtualClock();
  const closers: (() => void | Promise<void>)[] = [];
  const events: Event[] = [];
  const stored = new Map<string, unknown>();
  let listed: number[] = [];
  const store = new FakeObjectStore(options);
  const stop = new AbortController();
  const run = { clock, signal: stop.signal, onClose: (close: () => void) => void closers.push(close) };
  const emit = (event: Event): void => void events.push(event);
  const unfinished = {
    read: async (id: string) => await Promise.resolve(stored.get(id)),
    list: async () => await Promise.resolve([]),
    save: async (id: string, document: unknown) => await Promise.resolve(stored.set(id, document).has(id)),
    remove: async (id: string) => void (await Promise.resolve(stored.delete(id))),
    isClaimed: async () => await Promise.resolve(false),
    claim: async () => await Promise.reject(new Error('it has been claimed')),
  };
  const select = async function* selected({ after, through }: KeySpan): AsyncGenerator<SweepPage> {
    let last = after;
    // One that was abandoned in the middle of a page tells the next night nothing.
    const own = listed;
    for (let number = 0; number < 10; number += 1) {
      const end = number === 9 ? null : keyOf(number * 10 + 9);
      if (after !== null && end !== null && end <= after) continue;
      await clock.sleep(PAGE_MS);
      own.push(number);
      const numbers = Array.from({ length: 10 }, (_, index) => number * 10 + index);
      const items = numbers.filter((each) => toGo(each)).map((each) => sweepItem(keyOf(each)));
      yield {
        items,
        unknownAge: [],
        unreadable: [],
        isReadable: false,
        span: { after: last, through: end ?? through },
      };
      if (through !== null && end === through) return;
      last = end;
    }
  };
  const job = { id: 'id', bucket: 'b', prefix: 'k', limits: NO_LIMITS, isResumable: true, reportPath: null };
  return {
    listed: () => listed,
    events,
    store,
    stored,
    perform: async ({
      maxMs = null,
      ...more
    }: { maxMs?: number | null; reportPath?: string; isResumable?: boolean } = {}) => {
      listed = [];
      const time = limitTime(run, maxMs);
      const claim = {
        isOurs: () => true,
        lost: new AbortController().signal,
        confirm: () => true,
        [Symbol.asyncDispose]: async () => await Promise.resolve(),
      };
      const tools = { store, select, unfinished, claim, time, clock, emit };
      const result = await runWithS3(clock, sweepObjects({ ...job, ...more }, tools));
      for (const close of closers.splice(0)) await close();
      return result;
    },
  };
}

describe('sweepObjects', () => {
  it('continues where the last one ran out of time, then from the beginning', async () => {
    const { perform, listed, stored, events } = prepare((number) => number === 95);
    const nights: number[][] = [];
    for (let night = 0; night < 3; night += 1) {
      const { ending, tally } = await perform({ maxMs: 4500 });
      nights.push([...listed()]);
      expect(ending.kind).toBe('time');
      expect(tally.deleted).toBe(night === 2 ? 1 : 0);
    }
    // Without a checkpoint each night would have looked at the first four pages.
    expect(nights).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 0, 1],
    ]);
    expect(events.some(({ kind }) => kind === 'sweep_finished')).toBe(false);
    const { ending } = await perform();
    expect(listed()).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    expect(ending.kind).toBe('complete');
    expect(stored.size).toBe(0);
  });

  it('starts at the beginning after a complete round', async () => {
    const { perform, listed } = prepare(() => true);
    await perform();
    await perform();
    expect(listed()[0]).toBe(0);
  });

  it('keeps no checkpoint if its source has no order', async () => {
    const { perform, listed, stored } = prepare(() => false);
    await perform({ maxMs: 4500 });
    const saved = [...stored];
    expect(saved).toHaveLength(1);
    await perform({ maxMs: 2500, isResumable: false });
    expect(listed()).toEqual([0, 1]);
    expect([...stored]).toEqual(saved);
  });

  it('writes the objects that are left to the report, one per line', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'breakwater-report-'));
    const reportPath = join(directory, 'left.ndjson');
    const refuses = (key: string) => (key.endsWith('5') ? { code: 'InternalError', message: 'oops "\n' } : null);
    await prepare(() => true, { refuses }).perform({ reportPath });
    const lines = (await readFile(reportPath, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    expect(JSON.parse(lines[0]!)).toEqual({
      bucket: 'b',
      key: 'k0005',
      version_id: null,
      code: 'InternalError',
      message: 'oops "\n',
    });
    await rm(directory, { recursive: true });
  });

  it('deletes nothing if the report cannot be created', async () => {
    const { perform, store } = prepare(() => true);
    await expect(perform({ reportPath: '/nowhere/at/all' })).rejects.toMatchObject({ code: 'local_create' });
    expect(store.batches).toEqual([]);
  });

  it('ends as failed, with its counts, if the report cannot be written', async () => {
    const { perform } = prepare(() => true, { refuses: () => ({ code: 'InternalError', message: 'oops' }) });
    // The kernel says that this device is full.
    const { tally, ending } = await perform({ reportPath: '/dev/full' });
    expect(ending).toMatchObject({ kind: 'failed', error: { code: 'local_io' } });
    // How soon the error arrives varies.
    expect(tally.matched).toBeGreaterThan(0);
    expect(tally.failed).toBe(tally.matched);
  });
});

describe('claimSweep', () => {
  const place = { id: 'id', bucket: 'b', prefix: 'p/' };

  it('names the process that holds the claim', async () => {
    const holder = { pid: 7, host: 'here', sinceMs: 0 };
    const claim = async (_id: string, onHeld?: (held: typeof holder) => void) => {
      onHeld?.(holder);
      return await Promise.resolve(null);
    };
    await expect(claimSweep({ claim }, place)).rejects.toMatchObject({
      code: 'locked',
      message: 's3://b/p/ is already being swept by process 7 on here, since 1970-01-01T00:00:00.000Z',
    });
  });

  it('has a different id for each endpoint, bucket and prefix', () => {
    const names = [
      { endpointUrl: null, bucket: 'b', prefix: 'p/' },
      { endpointUrl: 'http://127.0.0.1:9000', bucket: 'b', prefix: 'p/' },
      { endpointUrl: null, bucket: 'b', prefix: 'p' },
      { endpointUrl: null, bucket: 'b/p', prefix: '/' },
    ].map((each) => nameSweep(each));
    expect(new Set(names).size).toBe(4);
  });
});
