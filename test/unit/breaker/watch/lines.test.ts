import { describe, expect, it } from 'vitest';
import { watchAsLines } from '../../../../src/breaker/watch/lines.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import {
  circuitOf,
  CLOSED,
  NOW,
  OPEN,
  OPENED,
  PROBED_ROW,
  PUT,
  rowOf,
  snapshotOf,
  UPLOAD,
} from '../../../support/watch.ts';

function start({ isJson = false } = {}) {
  const clock = new VirtualClock(NOW);
  const stopped = new AbortController();
  const printed: string[] = [];
  const stage = { snapshot: snapshotOf({ circuits: [CLOSED, circuitOf(rowOf())] }), isRead: true };
  const ended = watchAsLines({
    reader: { read: async () => await Promise.resolve(stage.snapshot), forget: () => undefined },
    clock,
    signal: stopped.signal,
    isJson,
    print: (lines) => printed.push(...lines),
    isRead: () => stage.isRead,
  });
  const tick = async (): Promise<readonly string[]> => {
    printed.length = 0;
    await clock.advance(250);
    return [...printed];
  };
  return { clock, stage, printed, ended, tick, stop: () => stopped.abort(new Error('stop')) };
}

const HALF_OPENED = {
  ...OPENED,
  atMs: NOW - 1000,
  from: 'open',
  to: 'half_open',
  why: 'probe_due',
  epoch: 2,
  cause: null,
} as const;

describe('watchAsLines', () => {
  it('prints every circuit once, then each change, and nothing while only time passes', async () => {
    const { clock, stage, printed, tick, stop } = start();
    await clock.advance(0);
    expect(printed).toEqual([
      '2026-01-02T12:04:09.000Z  s3-download@eu-west-1  closed  0/5 failures, allowed',
      '2026-01-02T12:04:09.000Z  s3-upload@eu-west-1  closed  0/5 failures, allowed',
    ]);
    expect(await tick()).toEqual([]);
    stage.snapshot = snapshotOf({ circuits: [CLOSED, OPEN] });
    expect(await tick()).toEqual([
      '2026-01-02T12:03:32.000Z  s3-upload@eu-west-1  closed > open: threshold reached: SlowDown, put (pid 4711)',
      '2026-01-02T12:04:09.000Z  s3-upload@eu-west-1  open  5/5 failures, probe in 0:23, last error SlowDown, HTTP 503, request id 4F2A',
    ]);
    stage.snapshot = snapshotOf({
      takenAtMs: NOW + 5000,
      circuits: [CLOSED, { ...OPEN, view: { ...OPEN.view, retryAfterMs: 18_000 } }],
    });
    expect(await tick()).toEqual([]);
    stop();
  });

  it('misses no change, however fast, and prints them in order', async () => {
    const { clock, stage, tick, stop } = start();
    await clock.advance(0);
    stage.snapshot = snapshotOf({ circuits: [CLOSED, circuitOf(PROBED_ROW, { history: [HALF_OPENED, OPENED] })] });
    expect((await tick()).map((line) => line.split('  ').slice(2).join('  '))).toEqual([
      'closed > open: threshold reached: SlowDown, put (pid 4711)',
      'open > half-open: probe due, put (pid 4711)',
      'half-open  1/2 probes, probe: put 4711, last error SlowDown, HTTP 503, request id 4F2A',
    ]);
    stop();
  });

  it('prints each failure, and who resets by hand', async () => {
    const { clock, stage, tick, stop } = start();
    await clock.advance(0);
    stage.snapshot = snapshotOf({ circuits: [circuitOf(rowOf({ failures: 1 }))] });
    expect((await tick())[0]).toContain('closed  1/5 failures');
    const manual = { by: 'ops\u0007', atMs: NOW, reason: 'back', untilMs: null };
    const reset = { ...OPENED, to: 'closed', why: 'reset', cause: null, manual } as const;
    stage.snapshot = snapshotOf({ circuits: [circuitOf(rowOf({ epoch: 1, manual }), { history: [reset] })] });
    expect((await tick())[0]).toContain('closed > closed: reset: back, ops\\x07');
    stop();
  });

  it('reports a problem of the state file once, without unknown circuits', async () => {
    const { clock, stage, tick, stop } = start();
    await clock.advance(0);
    stage.snapshot = snapshotOf({ stateFile: { path: '/s/state.db', condition: 'newer_schema' }, circuits: [OPEN] });
    expect(await tick()).toEqual(['2026-01-02T12:04:09.000Z  state file /s/state.db: newer schema']);
    expect(await tick()).toEqual([]);
    stop();
  });

  it('prints one JSON document per line on request', async () => {
    const { clock, stage, printed, tick, stop } = start({ isJson: true });
    await clock.advance(0);
    expect(printed.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { event: 'circuit', at: '2026-01-02T12:04:09.000Z', circuit: { name: 's3-download@eu-west-1', state: 'closed' } },
      { event: 'circuit', circuit: { name: UPLOAD, opened_by: null } },
    ]);
    stage.snapshot = snapshotOf({ circuits: [CLOSED, OPEN], stateFile: { path: '/s', condition: 'ready' } });
    expect((await tick()).map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { event: 'change', change: { circuit: UPLOAD, from: 'closed', to: 'open' } },
      { event: 'circuit', circuit: { state: 'open', refused_since_opened: 14, opened_by: { pid: PUT.pid } } },
    ]);
    stage.snapshot = snapshotOf({ stateFile: { path: '/s', condition: 'corrupt' } });
    expect(JSON.parse((await tick())[0] ?? '')).toMatchObject({
      event: 'state_file',
      state_file: { path: '/s', condition: 'corrupt' },
    });
    stop();
  });

  it('ends on a signal or a closed pipe, and returns the last snapshot', async () => {
    const byHand = start();
    await byHand.clock.advance(1000);
    byHand.stop();
    expect(await byHand.ended).toEqual(byHand.stage.snapshot);
    const unread = start();
    unread.stage.isRead = false;
    await unread.clock.advance(250);
    await unread.ended;
    expect([byHand.clock.sleeping, unread.clock.sleeping]).toEqual([0, 0]);
  });
});
