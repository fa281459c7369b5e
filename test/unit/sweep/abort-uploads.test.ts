import { describe, expect, it } from 'vitest';
import { createAgeClock } from '../../../src/sweep/select/age-clock.ts';
import { BreakwaterError } from '../../../src/errors.ts';
import { abortUploads, type UploadSweepRequest } from '../../../src/sweep/abort-uploads.ts';
import { FakeObjectStore, type FakeStoreOptions } from '../../support/fake-object-store.ts';

const STORE_NOW_MS = 1_700_000_000_000;
const REQUEST: UploadSweepRequest = {
  bucket: 'b',
  prefix: 'p/',
  olderThanMs: 1000,
  patterns: { include: [], exclude: [] },
  isDryRun: false,
};
const upload = (uploadId: string, ageMs = 5000, key = `p/${uploadId}`) => ({
  key,
  uploadId,
  startedAtMs: STORE_NOW_MS - ageMs,
});

async function abort(
  { running = [], ...options }: FakeStoreOptions & { running?: readonly string[] },
  request: Partial<UploadSweepRequest> = {},
) {
  const store = new FakeObjectStore({ storeNowMs: STORE_NOW_MS, ...options });
  const findRunning = async () => await Promise.resolve(new Set(running));
  const context = {
    store,
    findRunning,
    ageClock: createAgeClock({ now: () => STORE_NOW_MS + 1_000_000, emit: () => undefined }),
  };
  const { tally, error } = await abortUploads({ ...REQUEST, ...request }, context);
  return { store, tally, error };
}

const fails =
  (code: 'access_denied' | 'unavailable' | 'interrupted', ...ids: readonly string[]) =>
  (id: string) =>
    ids.includes(id)
      ? new BreakwaterError(code, 'no', { details: code === 'access_denied' ? { s3Code: 'AccessDenied' } : {} })
      : null;

describe('abortUploads', () => {
  it('aborts uploads that are old enough by the clock of the store', async () => {
    const { store, tally } = await abort({ uploadPages: [[upload('1'), upload('2', 999)], [upload('3', 1000)]] });
    expect(store.aborted).toEqual(['1', '3']);
    expect(tally).toEqual({ matched: 2, running: 0, aborted: 2, failed: 0, notTried: 0, failures: [] });
  });

  it('keeps uploads that the patterns exclude', async () => {
    const uploadPages = [[upload('1', 5000, 'p/a.log'), upload('2', 5000, 'p/b.txt')]];
    const { store } = await abort({ uploadPages }, { patterns: { include: ['*.log'], exclude: [] } });
    expect(store.aborted).toEqual(['1']);
  });

  it.each([false, true])('leaves those that living processes are sending (dry run: %s)', async (isDryRun) => {
    const { store, tally } = await abort({ uploadPages: [[upload('1'), upload('2')]], running: ['2'] }, { isDryRun });
    expect(store.aborted).toEqual(isDryRun ? [] : ['1']);
    expect(tally).toMatchObject({ matched: 1, running: 1, failed: 0 });
  });

  it('aborts several uploads of one key', async () => {
    const { tally } = await abort({ uploadPages: [[upload('1', 5000, 'p/a'), upload('2', 5000, 'p/a')]] });
    expect(tally.aborted).toBe(2);
  });

  it('only counts in a dry run', async () => {
    const { store, tally } = await abort({ uploadPages: [[upload('1')]] }, { isDryRun: true });
    expect(tally).toMatchObject({ matched: 1, aborted: 0, failed: 0 });
    expect(store.aborted).toEqual([]);
  });

  it('names failed uploads and continues', async () => {
    const { tally } = await abort({ uploadPages: [[upload('1'), upload('2')]], failAbort: fails('unavailable', '1') });
    expect(tally).toMatchObject({ matched: 2, aborted: 1, failed: 1 });
    expect(tally.failures).toEqual([{ key: 'p/1', versionId: null, code: 'unavailable', message: 'no' }]);
  });

  it.each([
    ['access_denied when every abort is denied', fails('access_denied', '1', '2'), 'access_denied'],
    ['interrupted at once', fails('interrupted', '1'), 'interrupted'],
  ])('ends with %s', async (_what, failAbort, code) => {
    const { error } = await abort({ uploadPages: [[upload('1'), upload('2')]], failAbort });
    expect(error).toMatchObject({ code });
  });

  it('continues if only some uploads are denied', async () => {
    const { tally } = await abort({
      uploadPages: [[upload('1'), upload('2')]],
      failAbort: fails('access_denied', '1'),
    });
    expect(tally).toMatchObject({ aborted: 1, failed: 1 });
  });

  const many = (count: number) => Array.from({ length: count }, (_, index) => upload(`u${index}`));

  it('counts what it never asked for as not tried when it ends early', async () => {
    const { tally, error } = await abort({ uploadPages: [many(50)], failAbort: fails('interrupted', 'u20') });
    expect(error).toMatchObject({ code: 'interrupted' });
    expect(tally.aborted + tally.failed + tally.notTried).toBe(50);
    expect(tally.matched).toBe(tally.aborted + tally.failed);
    expect(tally.notTried).toBeGreaterThan(10);
    expect(tally.failures).toMatchObject([{ key: 'p/u20', code: 'interrupted' }]);
  });

  it('stops after 100 denials', async () => {
    const ids = many(900).map(({ uploadId }) => uploadId);
    const { tally, error } = await abort({ uploadPages: [many(900)], failAbort: fails('access_denied', ...ids) });
    expect(error).toMatchObject({ code: 'access_denied' });
    expect(tally.failed).toBeLessThan(120);
    expect(tally.failed + tally.notTried).toBe(900);
  });
});
