/**
 * Met: what was stored while the clock was a year ahead (saved downloads, checkpoints, jobs of killed processes, activity)
 *   outlived its limit by that year, and a cut `put -r` of that time sent everything again after each later cut.
 * Cause: its age was negative until then.
 * Fix: a stored time in the future counts as now, from the first command with a right clock on.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SLOT_MS, type ActivitySlot, type Job } from '../../src/activity.ts';
import { openState } from '../../src/state/open-state.ts';
import type { State } from '../../src/state/state.ts';
import { openUnfinishedWork } from '../../src/state/stored-work.ts';
import type { PutRequest } from '../../src/transfer/put/put-request.ts';
import { openResumableRun } from '../../src/transfer/put/resume-run.ts';
import { CIRCUIT } from '../support/fake-circuits.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Math.floor(Date.UTC(2026, 0, 2) / SLOT_MS) * SLOT_MS;
const AHEAD_MS = NOW_MS + 365 * DAY_MS;
const PROCESS = { pid: 1, startTime: '1', bootId: 'b', pidNamespace: 'n', host: 'h', command: 'get' };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-state-'));
});
afterEach(async () => await rm(directory, { recursive: true }));

function at<T>(nowMs: number, work: (state: State) => T): T {
  const state = openState({ directory, clock: { now: () => nowMs }, onWarning: () => undefined });
  try {
    return work(state);
  } finally {
    state.close();
  }
}

const save = (nowMs: number, id: string): void =>
  at(nowMs, ({ checkpoints }) => checkpoints.save({ kind: 'sweep', id, document: {}, nowMs }));
const saved = (nowMs: number) =>
  at(nowMs, ({ checkpoints }) => checkpoints.list('sweep').map(({ id, savedAtMs }) => [id, savedAtMs]));

it('counts the age of a checkpoint from the first look', () => {
  save(AHEAD_MS, 'a');
  expect(saved(NOW_MS)).toEqual([['a', NOW_MS]]);
  save(NOW_MS, 'b');
  expect(saved(NOW_MS + 8 * DAY_MS)).toEqual([
    ['a', NOW_MS],
    ['b', NOW_MS],
  ]);
  save(NOW_MS + 31 * DAY_MS, 'c');
  expect(saved(NOW_MS + 31 * DAY_MS)).toEqual([['c', NOW_MS + 31 * DAY_MS]]);
});

const job = (id: string, updatedAtMs: number): Job => ({
  id,
  process: PROCESS,
  target: null,
  startedAtMs: updatedAtMs,
  updatedAtMs,
  movedBytes: 0,
  totalBytes: null,
  objectsStarted: 0,
  objectsDone: 0,
  objectsFailed: 0,
});

it('drops the job of a killed process an hour after the first look', () => {
  at(AHEAD_MS, ({ jobs }) => jobs.put(job('killed', AHEAD_MS)));
  at(NOW_MS, ({ jobs }) => jobs.put(job('b', NOW_MS)));
  const later = NOW_MS + 3_600_001;
  at(later, ({ jobs }) => jobs.put(job('c', later)));
  expect(at(later, ({ jobs }) => jobs.list().map(({ id }) => id))).toEqual(['c']);
});

const slot = (slotMs: number): ActivitySlot => ({
  circuit: CIRCUIT,
  slotMs,
  successes: 1,
  errors: 0,
  refused: 0,
  durations: [],
  retries: [],
});

it('drops activity of the future', () => {
  at(AHEAD_MS, ({ activity }) => activity.add([slot(AHEAD_MS)], AHEAD_MS));
  at(NOW_MS, ({ activity }) => activity.add([slot(NOW_MS)], NOW_MS));
  expect(at(NOW_MS, ({ activity }) => activity.read(0).map(({ slotMs }) => slotMs))).toEqual([NOW_MS]);
});

it('dates a cut run of many files from the first look', async () => {
  const request = { sources: ['/d'], isResuming: true, isRecursive: true } as unknown as PutRequest;
  const since = async (nowMs: number): Promise<number | null> => {
    const clock = new VirtualClock(nowMs);
    const state = openState({ directory, clock, onWarning: () => undefined });
    const processIdentity = () => PROCESS;
    const context = {
      clock,
      state: async () => await Promise.resolve(state),
      processIdentity,
      onClose: () => undefined,
    };
    const unfinished = openUnfinishedWork(context, 'upload');
    await using run = await openResumableRun(request, { unfinished, circuit: CIRCUIT, clock });
    return run.sinceMs;
  };
  expect(await since(AHEAD_MS)).toBeNull();
  expect(await since(NOW_MS)).toBe(NOW_MS);
  expect(await since(NOW_MS + DAY_MS)).toBe(NOW_MS);
});
