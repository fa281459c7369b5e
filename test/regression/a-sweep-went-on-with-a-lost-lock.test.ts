/**
 * Met: a sweep that had lost its lock to another host went on for minutes with the retries of up to 32 open batches; if no
 *   further batch followed, it ended with 0.
 * Cause: whether the lock was still held was asked only before each new batch.
 * Fix: the loss ends the sweep: open batches send nothing more, and it ends with `locked` (src/sweep/run-sweep.ts). This
 *   holds for the lock of this host, too, and while uploads are aborted.
 */
import { describe, expect, it, vi } from 'vitest';
import { waitForAbort } from '../../src/abort.ts';
import type { BreakwaterError } from '../../src/errors.ts';
import { openUnfinishedWork } from '../../src/state/stored-work.ts';
import type { ClaimStore } from '../../src/state/state.ts';
import { nameSweep, takenOverError } from '../../src/sweep/claim-sweep.ts';
import { runSweep, type SweepJob } from '../../src/sweep/run-sweep.ts';
import { limitTime } from '../../src/sweep/time-limit.ts';
import { identityOf } from '../support/fake-circuits.ts';
import { prepare as prepareDeletes } from '../support/fake-deletes.ts';
import { FakeObjectStore } from '../support/fake-object-store.ts';
import { errorResponse, runWithS3 } from '../support/fake-s3.ts';
import { createMemoryUnfinishedWork } from '../support/memory-unfinished-work.ts';
import { PATIENCE } from '../support/patience.ts';
import { keysUpTo } from '../support/sweep-pages.ts';
import { turn, VirtualClock } from '../support/virtual-clock.ts';
import { SWEEP_JOB } from '../support/sweep-job.ts';

const TAKEN = { code: 'locked', details: { reason: 'taken_over' } };

/** A sweep of old objects in pages of 1000, or of uploads, whose first answer comes when the lock is lost. */
async function sweepUntilLost(objects: number, changed: Partial<SweepJob> = {}) {
  const clock = new VirtualClock();
  const unfinished = createMemoryUnfinishedWork();
  const job = { ...SWEEP_JOB, ...changed };
  const time = limitTime({ clock, signal: new AbortController().signal, onClose: () => undefined }, null);
  const why = (): BreakwaterError | null => (time.signal.aborted ? (time.signal.reason as BreakwaterError) : null);
  const listed = keysUpTo(objects).map((key) => ({ key, sizeBytes: 1, lastModifiedMs: 1, etag: '"e"' }));
  const store = new FakeObjectStore({
    pages: Array.from({ length: Math.ceil(objects / 1000) }, (_, page) => ({
      objects: listed.slice(page * 1000, (page + 1) * 1000),
      storeNowMs: clock.now(),
    })),
    uploadPages: [keysUpTo(20).map((key) => ({ key, uploadId: key, startedAtMs: 1 }))],
    storeNowMs: clock.now(),
    beforeResponse: async () => {
      await turn();
      unfinished.lose(nameSweep(job));
      await waitForAbort(time.signal);
    },
    failBatch: why,
    failAbort: () => {
      unfinished.lose(nameSweep(job));
      return why();
    },
  });
  const tools = { store, unfinished, clock, time, ask: null, emit: () => undefined };
  const outcome = await runSweep(job, { ...tools, findRunning: async () => await Promise.resolve(new Set<string>()) });
  return { store, outcome, unfinished };
}

describe('a sweep that loses its lock', () => {
  it.each([1, 40_000])('ends its open batches, and is not complete: %i objects', async (objects) => {
    const { outcome, store, unfinished } = await sweepUntilLost(objects);
    expect(outcome?.failure).toMatchObject(TAKEN);
    expect([outcome?.swept?.tally.deleted, store.open]).toEqual([0, 0]);
    expect(store.batches.length).toBeLessThan(34);
    // The checkpoint is the new owner's.
    expect(unfinished.documents.size).toBe(0);
  });

  it('aborts no further upload', async () => {
    const { outcome, store } = await sweepUntilLost(0, { olderThanMs: null, abortUploadsMs: 1 });
    expect(outcome?.failure).toMatchObject(TAKEN);
    expect(store.aborted).toEqual([]);
  });
});

it('sends no retry for an open batch', async () => {
  const { begin, clock, abort, requests, kinds } = prepareDeletes(() => errorResponse(503, 'SlowDown'));
  const deleting = begin('a', 'b');
  // Without any time, so that it waits for its retry.
  await vi.waitUntil(() => kinds().includes('retry_scheduled'), PATIENCE);
  const sent = requests.length;
  abort.abort(takenOverError(SWEEP_JOB));
  const startedAtMs = clock.monotonic();
  const { error, deleted } = await runWithS3(clock, deleting);
  expect([error?.code, deleted, requests.length]).toEqual(['locked', [], sent]);
  expect(clock.monotonic() - startedAtMs).toBeLessThan(5000);
});

it('hears of the loss of the lock of this host', async () => {
  const clock = new VirtualClock();
  let isTaken = false;
  const process = identityOf(1);
  const claims = {
    take: () => (isTaken ? { owner: process, takenAtMs: 0 } : null),
    renew: () => !isTaken,
    release: () => undefined,
    find: () => null,
  } as unknown as ClaimStore;
  const closers: (() => void)[] = [];
  const unfinished = openUnfinishedWork(
    {
      clock,
      state: async () => await Promise.resolve({ checkpoints: {} as never, claims, problem: () => null }),
      processIdentity: () => process,
      onClose: (close) => closers.push(close),
    },
    'sweep',
  );
  const [claim, released] = [await unfinished.claim('a'), await unfinished.claim('b')];
  await released?.[Symbol.asyncDispose]();
  await clock.advance(20_000);
  expect(claim?.lost.aborted).toBe(false);
  isTaken = true;
  await clock.advance(20_000);
  expect([claim?.lost.aborted, claim?.isOurs()]).toEqual([true, false]);
  // What was given back is not lost.
  expect(released?.lost.aborted).toBe(false);
  for (const close of closers) close();
});
