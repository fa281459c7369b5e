import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { decideOutputMode, Output } from '../../../../src/cli/output/output.ts';
import { createProgress, isLineDue } from '../../../../src/ui/progress/show-progress.ts';
import type { Event } from '../../../../src/events.ts';
import { toText } from '../../../../src/ui/frame.ts';
import { ASCII_SYMBOLS } from '../../../../src/ui/symbols.ts';
import type { LiveLines } from '../../../../src/ui/surface.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const begin = (totalBytes: number | null, name = 'a\u0007'): Event => ({ kind: 'transfer_started', name, totalBytes });
const move = (bytes: number): Event => ({ kind: 'bytes_moved', name: 'a', bytes });

describe('isLineDue', () => {
  it.each([
    ['a quarter and 10 s', 0, 0.25, 10_000, true],
    ['a quarter too soon', 0, 0.25, 9999, false],
    ['10 s and no quarter', 0, 0.24, 10_000, false],
    ['two quarters at once', 0, 0.6, 20_000, true],
    ['within the second quarter', 0.25, 0.49, 60_000, false],
    ['the end', 0.75, 1, 10_000, true],
    ['done already', 1, 1, 10_000, false],
    ['no whole is known, after 10 s', 0, null, 10_000, true],
    ['no whole is known, too soon', 0, null, 9999, false],
  ])('%s', (_when, lastShare, share, afterMs, isDue) => {
    const last = { share: lastShare, atMs: 5000 };
    expect(isLineDue(last, { share, atMs: 5000 + afterMs })).toBe(isDue);
  });
});

const WARNING: Event = { kind: 'warning', reason: 'x', message: 'x' };

/** Progress on a screen of this kind, with a live view that only writes down what it is told. */
function open({
  isTTY = false,
  quiet = false,
  logFormat = 'text' as 'text' | 'json',
  isViewBroken = false,
  isViewSlow = false,
}) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 2));
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const screens = { stdout: new PassThrough(), stderr };
  const settings = { json: false, quiet, verbose: false, logFormat, noColor: false };
  const output = new Output(decideOutputMode(settings, screens, {}), screens);
  const shown: string[] = [];
  let loads = 0;
  const loading = Promise.withResolvers<null>();
  const live: LiveLines = {
    columns: () => 59,
    show: (frame) => shown.push(toText(frame)),
    stepAside: (write) => {
      shown.push('aside');
      write();
    },
    stop: () => shown.push('stopped'),
  };
  const progress = createProgress({
    output,
    clock,
    symbols: ASCII_SYMBOLS,
    loadLive: async () => {
      loads += 1;
      if (isViewSlow) await loading.promise;
      return await (isViewBroken ? Promise.reject(new Error('no view')) : Promise.resolve(live));
    },
  });
  return {
    clock,
    output,
    progress,
    shown,
    loads: () => loads,
    finishLoading: () => loading.resolve(null),
    stderr: () => String(stderr.read() ?? ''),
  };
}

describe('createProgress off a terminal', () => {
  it('says a line at a quarter or 10 s, whichever is rarer', async () => {
    const { clock, progress, stderr, loads } = open({});
    progress.read(begin(1000));
    for (let second = 1; second <= 100; second += 1) {
      await clock.advance(1000);
      progress.read(move(10));
    }
    progress.stop();
    expect(stderr().split('\n')).toEqual([
      'progress: 25 % of 1000 B, 10 B/s, 1:15 left - a\\x07',
      'progress: 50 % of 1000 B, 10 B/s, 0:50 left - a\\x07',
      'progress: 75 % of 1000 B, 10 B/s, 0:25 left - a\\x07',
      'progress: 100 % of 1000 B, 10 B/s, 0:00 left - a\\x07',
      '',
    ]);
    expect(loads()).toBe(0);
  });

  it('says nothing of a transfer that is done sooner', async () => {
    const { clock, progress, stderr } = open({});
    progress.read(begin(1000));
    await clock.advance(9999);
    progress.read(move(1000));
    expect(stderr()).toBe('');
  });

  it('names no object where there are more', async () => {
    const { clock, progress, stderr } = open({});
    progress.read(begin(10));
    progress.read(begin(10, 'b'));
    await clock.advance(10_000);
    progress.read(move(10));
    expect(stderr()).toBe('progress: 0 of 2 started, 10 B, 1 B/s\n');
  });

  it('says nothing of what moves nothing', async () => {
    const { clock, progress, stderr } = open({});
    progress.read(begin(null));
    await clock.advance(10_000);
    progress.read(WARNING);
    expect(stderr()).toBe('');
  });

  it('counts in JSON what was sent and what was swept as done', async () => {
    const { clock, progress, stderr } = open({ logFormat: 'json' });
    progress.read(begin(null));
    progress.read({ kind: 'transfer_finished', name: 'a', ok: true });
    progress.read({ kind: 'objects_swept', bucket: 'b', matched: 4, deleted: 3, changed: 0, failed: 1, bytes: 0 });
    await clock.advance(10_000);
    progress.read({ kind: 'objects_swept', bucket: 'b', matched: 1, deleted: 1, changed: 0, failed: 0, bytes: 1 });
    expect(JSON.parse(stderr())).toMatchObject({ moved_bytes: 1, objects_done: 5, objects_failed: 1 });
  });

  it('says it in JSON where lines are JSON', async () => {
    const { clock, progress, stderr } = open({ logFormat: 'json', isTTY: true });
    progress.read(begin(null));
    await clock.advance(10_000);
    progress.read(move(10));
    expect(JSON.parse(stderr())).toEqual({
      time: '2026-01-02T00:00:10.000Z',
      level: 'notice',
      message: '10 B, 1 B/s',
      event: 'progress',
      moved_bytes: 10,
      total_bytes: null,
      objects_done: 0,
      objects_failed: 0,
    });
  });

  it.each([[false], [true]])('says nothing under --quiet, on a terminal: %s', async (isTTY) => {
    const { clock, progress, stderr, loads } = open({ quiet: true, isTTY });
    progress.read(begin(1000));
    await clock.advance(60_000);
    progress.read(move(1000));
    expect([stderr(), loads()]).toEqual(['', 0]);
  });
});

describe('createProgress on a terminal', () => {
  it('loads the view when the transfer lasts, draws it four times a second, and takes it off', async () => {
    const { clock, output, progress, shown, loads } = open({ isTTY: true });
    progress.read(begin(1000));
    progress.read(move(1));
    await clock.advance(499);
    expect(loads()).toBe(0);
    await clock.advance(1);
    progress.read(move(1));
    await clock.advance(500);
    output.note('warning: x');
    progress.stop();
    progress.stop();
    output.note('after');
    await clock.advance(5000);
    expect(shown).toEqual([
      '0 % of 1000 B, 2 B/s, 8:20 left  a\\x07',
      '0 % of 1000 B, 3 B/s, 6:15 left  a\\x07',
      '0 % of 1000 B, 2 B/s, 8:19 left  a\\x07',
      'aside',
      'stopped',
    ]);
    expect([loads(), clock.sleeping]).toEqual([1, 0]);
  });

  it('never loads it for a transfer that is done sooner', async () => {
    const { clock, progress, shown, loads } = open({ isTTY: true });
    progress.read(begin(1000));
    await clock.advance(400);
    progress.stop();
    await clock.advance(5000);
    expect([loads(), shown]).toEqual([0, []]);
  });

  it('shows nothing of a view that was still loading when it ended', async () => {
    const { clock, progress, shown, finishLoading } = open({ isTTY: true, isViewSlow: true });
    progress.read(begin(1000));
    await clock.advance(500);
    progress.stop();
    finishLoading();
    await clock.advance(5000);
    expect(shown).toEqual([]);
  });

  it('waits for the first transfer, whatever happens before', async () => {
    const { clock, progress, loads } = open({ isTTY: true });
    progress.read(WARNING);
    await clock.advance(5000);
    expect([loads(), clock.sleeping]).toEqual([0, 0]);
  });

  it('goes on without a view that cannot be loaded', async () => {
    const { clock, progress, output, stderr } = open({ isTTY: true, isViewBroken: true });
    progress.read(begin(1000));
    await clock.advance(5000);
    expect(() => progress.read(move(1))).not.toThrow();
    progress.stop();
    output.note('done');
    expect(stderr()).toBe('done\n');
  });
});
