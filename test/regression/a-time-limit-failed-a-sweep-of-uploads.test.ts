/**
 * Met: a nightly `sweep --older-than 7d --abort-uploads 7d --max-duration 2h` ended with status 130, as after Ctrl-C, when the
 *   time was over. Without `--older-than`, `--max-duration` had no effect.
 * Cause: only the sweep of objects knew that its time limit is no failure, and only it started the timer.
 * Fix: the end of the time ends the sweep of uploads like that of objects: with 0, or with 3 under `--strict`.
 */
import { describe, expect, it } from 'vitest';
import { presentSweep } from '../../src/cli/output/sweep-result.ts';
import type { BreakwaterError } from '../../src/errors.ts';
import { runSweep, type SweepJob } from '../../src/sweep/run-sweep.ts';
import { limitTime } from '../../src/sweep/time-limit.ts';
import { FakeObjectStore, listedObject } from '../support/fake-object-store.ts';
import { createMemoryUnfinishedWork } from '../support/memory-unfinished-work.ts';
import { keysUpTo } from '../support/sweep-pages.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { SWEEP_JOB } from '../support/sweep-job.ts';

const DAY_MS = 86_400_000;
const JOB: SweepJob = { ...SWEEP_JOB, olderThanMs: DAY_MS, abortUploadsMs: DAY_MS };

/** A sweep whose time is over at the abort of the first of 20 uploads. */
async function sweepFor(changed: Partial<SweepJob>) {
  const clock = new VirtualClock();
  const closers: (() => void)[] = [];
  const run = { clock, signal: new AbortController().signal, onClose: (close: () => void) => void closers.push(close) };
  const time = limitTime(run, 1000);
  const isOver = { value: false };
  const store = new FakeObjectStore({
    pages: [{ objects: [listedObject('k0', { ageMs: 2 * DAY_MS, nowMs: clock.now() })], storeNowMs: clock.now() }],
    uploadPages: [keysUpTo(20).map((key) => ({ key, uploadId: key, startedAtMs: clock.now() - 2 * DAY_MS }))],
    storeNowMs: clock.now(),
    failAbort: () => (time.signal.aborted ? (time.signal.reason as BreakwaterError) : null),
  });
  const abortUpload = store.abortUpload.bind(store);
  store.abortUpload = async (upload) => {
    if (!isOver.value) await clock.advance(1000);
    isOver.value = true;
    return await abortUpload(upload);
  };
  const job = { ...JOB, ...changed };
  const outcome = await runSweep(job, {
    store,
    unfinished: createMemoryUnfinishedWork(),
    findRunning: async () => await Promise.resolve(new Set<string>()),
    clock,
    emit: () => undefined,
    time,
    ask: null,
  });
  for (const close of closers) close();
  return { store, outcome, result: presentSweep(job, outcome) };
}

describe.each([DAY_MS, null])('a sweep of uploads whose time is over (of objects older than: %s)', (olderThanMs) => {
  it('is no failure, and tells what it has not tried', async () => {
    const { outcome, store, result } = await sweepFor({ olderThanMs });
    expect(outcome?.failure).toBeNull();
    expect(store.aborted.length).toBeLessThan(20);
    expect(result.json).toMatchObject({ uploads: { stopped_by: 'max_duration' } });
    expect(result.summary).toMatch(/not tried; stopped by --max-duration, the next sweep continues$/u);
  });

  it('is incomplete under --strict', async () => {
    const { outcome } = await sweepFor({ olderThanMs, isStrict: true });
    expect(outcome?.failure).toMatchObject({ code: 'partial', details: { reason: 'max_duration' } });
  });
});
