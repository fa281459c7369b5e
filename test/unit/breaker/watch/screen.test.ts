import { describe, expect, it } from 'vitest';
import { watchOnScreen, type ManualAction } from '../../../../src/breaker/watch/screen.ts';
import type { WatchReader } from '../../../../src/breaker/watch/reader.ts';
import { toText } from '../../../../src/ui/frame.ts';
import { ASCII_SYMBOLS } from '../../../../src/ui/symbols.ts';
import type { Key } from '../../../../src/ui/key.ts';
import type { WatchSnapshot } from '../../../../src/breaker/watch/snapshot.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { circuitOf, NOW, OPEN_ROW, rowOf, snapshotOf, UPLOAD } from '../../../support/watch.ts';

/** A watch whose screen only notes what is drawn, and when. */
async function start({ isReadOnly = false, readFails = false } = {}) {
  const clock = new VirtualClock(NOW);
  const stopped = new AbortController();
  const drawn: { readonly atMs: number; readonly text: string }[] = [];
  const acted: ManualAction[] = [];
  const stage = {
    snapshot: snapshotOf({ circuits: [circuitOf(rowOf())] }),
    reads: 0,
    forgets: 0,
    closes: 0,
    columns: 100,
    rows: 24,
  };
  let press: (key: Key) => void = () => undefined;
  let resize: () => void = () => undefined;
  let vanish: () => void = () => undefined;
  const reader: WatchReader = {
    read: async (spanMs) => {
      stage.reads += 1;
      if (readFails && stage.reads > 1) throw new Error('the disk is gone');
      return await Promise.resolve({ ...stage.snapshot, spanMs });
    },
    forget: () => (stage.forgets += 1),
  };
  const ended = watchOnScreen({
    reader,
    clock,
    signal: stopped.signal,
    symbols: ASCII_SYMBOLS,
    options: { isReadOnly, stateDirectory: null },
    openScreen: (listeners) => {
      press = listeners.onKey;
      resize = listeners.onResize;
      vanish = listeners.onGone;
      return {
        columns: () => stage.columns,
        rows: () => stage.rows,
        show: (frame) => drawn.push({ atMs: clock.monotonic() - NOW, text: toText(frame) }),
        close: async () => {
          stage.closes += 1;
          await Promise.resolve();
        },
      };
    },
    act: async (action) => {
      acted.push(action);
      return await Promise.resolve({ text: 'it is done', tone: 'strong' as const, command: action.command });
    },
  });
  ended.catch(() => undefined);
  await clock.advance(0);
  const type = (letters: string): void => {
    for (const letter of letters) press({ kind: 'text', text: letter });
  };
  return {
    clock,
    stage,
    drawn,
    acted,
    ended,
    stop: () => stopped.abort(new Error('stop')),
    press: (key: Key) => press(key),
    type,
    resize: () => resize(),
    vanish: () => vanish(),
  };
}

function show(snapshot: WatchSnapshot, changes: Partial<WatchSnapshot>): WatchSnapshot {
  return { ...snapshot, ...changes };
}

describe('watchOnScreen', () => {
  it('draws once, and not again while nothing changes', async () => {
    const { clock, stage, drawn, stop } = await start();
    await clock.advance(60_000);
    expect(drawn).toHaveLength(1);
    expect(stage.reads).toBeGreaterThan(200);
    stop();
  });

  it('draws at most four times a second, however fast the state changes and keys come', async () => {
    const { clock, stage, drawn, type, stop } = await start();
    for (let ms = 0; ms < 5000; ms += 10) {
      stage.snapshot = show(stage.snapshot, { circuits: [circuitOf(rowOf({ failures: (ms / 10) % 5 }))] });
      type('?');
      await clock.advance(10);
    }
    const gaps = drawn.slice(1).map(({ atMs }, index) => atMs - (drawn[index]?.atMs ?? 0));
    expect(drawn.length).toBeGreaterThan(10);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(250);
    stop();
  });

  it('reacts to a key immediately if nothing was just drawn', async () => {
    const { clock, drawn, type, stop } = await start();
    await clock.advance(1100);
    type('?');
    await clock.advance(1);
    expect(drawn.at(-1)?.text).toContain('any key = back');
    expect(drawn.at(-1)?.atMs).toBe(1100);
    stop();
  });

  it('redraws immediately when the window changes', async () => {
    const { clock, stage, drawn, resize, stop } = await start();
    stage.columns = 40;
    resize();
    expect(drawn).toHaveLength(2);
    expect(Math.max(...(drawn[1]?.text.split('\n') ?? []).map(({ length }) => length))).toBeLessThanOrEqual(40);
    await clock.advance(1000);
    expect(drawn).toHaveLength(2);
    stop();
  });

  it('shows changes, except while paused', async () => {
    const { clock, stage, drawn, type, stop } = await start();
    type(' ');
    await clock.advance(1000);
    stage.snapshot = show(stage.snapshot, { circuits: [circuitOf(OPEN_ROW)] });
    await clock.advance(1000);
    expect(drawn.at(-1)?.text).toContain('PAUSED');
    expect(drawn.at(-1)?.text).not.toContain('OPEN');
    type(' ');
    await clock.advance(1000);
    expect(drawn.at(-1)?.text).toContain('[X] OPEN');
    stop();
  });

  it('reads another span even while paused', async () => {
    const { clock, drawn, type, stop } = await start();
    type(' t');
    await clock.advance(1000);
    expect(drawn.at(-1)?.text).toContain('OPS 15m');
    stop();
  });

  it('acts after the confirmation, reports it, and reads the state again', async () => {
    const { clock, stage, drawn, acted, type, press, stop } = await start();
    type('rback');
    press({ kind: 'enter' });
    type('y');
    await clock.advance(1000);
    expect(acted).toEqual([
      { kind: 'reset', circuit: UPLOAD, reason: 'back', command: `breakwater breaker-reset ${UPLOAD} --reason back` },
    ]);
    expect(stage.forgets).toBe(1);
    expect(drawn.at(-1)?.text).toContain(` it is done\n $ breakwater breaker-reset ${UPLOAD} --reason back\n`);
    stop();
  });

  it('acts on the stored name, and shows it without its control characters', async () => {
    const { clock, stage, drawn, acted, type, press, stop } = await start();
    const name = 's3-upload@\u001b[2J';
    stage.snapshot = show(stage.snapshot, { circuits: [circuitOf(rowOf({ name }))] });
    await clock.advance(1000);
    expect(drawn.at(-1)?.text).toContain('s3-upload@\\x1b[2J');
    type('r');
    press({ kind: 'enter' });
    type('y');
    await clock.advance(1000);
    expect(acted[0]?.circuit).toBe(name);
    // oxlint-disable-next-line no-control-regex -- none may arrive on the screen
    expect(drawn.map(({ text }) => text).join('')).not.toMatch(/\u001b/);
    stop();
  });

  it.each<[string, Key]>([
    ['q', { kind: 'text', text: 'q' }],
    ['Ctrl-C', { kind: 'interrupt' }],
  ])('ends by %s, and gives the terminal back', async (_name, key) => {
    const { clock, stage, ended, press } = await start();
    press(key);
    await clock.advance(1000);
    await ended;
    expect([stage.closes, clock.sleeping]).toEqual([1, 0]);
  });

  it('ends immediately on a signal, and restores the terminal', async () => {
    const { clock, stage, ended, stop } = await start();
    await clock.advance(10_000);
    stop();
    await ended;
    expect([stage.closes, clock.sleeping]).toEqual([1, 0]);
  });

  it('ends when its terminal has gone', async () => {
    const { clock, stage, ended, vanish } = await start();
    await clock.advance(10_000);
    vanish();
    await clock.advance(0);
    await ended;
    expect([stage.closes, clock.sleeping]).toEqual([1, 0]);
  });

  it('restores the terminal when it fails', async () => {
    const { clock, stage, ended } = await start({ readFails: true });
    await clock.advance(1000);
    await expect(ended).rejects.toThrow('the disk is gone');
    expect(stage.closes).toBe(1);
  });
});
