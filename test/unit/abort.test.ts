import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { after, every, onAbort, waitForAbort } from '../../src/abort.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

describe('onAbort', () => {
  it('calls once with the reason when the signal is aborted', () => {
    const controller = new AbortController();
    const reasons: unknown[] = [];
    onAbort(controller.signal, (reason) => reasons.push(reason));
    expect(reasons).toEqual([]);
    controller.abort('first');
    controller.abort('second');
    expect(reasons).toEqual(['first']);
  });

  it('calls at once when the signal is aborted already', () => {
    const reasons: unknown[] = [];
    using _listening = onAbort(AbortSignal.abort('before'), (reason) => reasons.push(reason));
    expect(reasons).toEqual(['before']);
  });

  it('calls all that listen, in order, but not one that another has disposed of', () => {
    const controller = new AbortController();
    const called: string[] = [];
    using _first = onAbort(controller.signal, () => {
      called.push('first');
      second[Symbol.dispose]();
    });
    const second = onAbort(controller.signal, () => called.push('second'));
    using _third = onAbort(controller.signal, () => called.push('third'));
    controller.abort();
    expect(called).toEqual(['first', 'third']);
  });

  it('is one listener of the signal for all, and none after the last is disposed', () => {
    const { signal } = new AbortController();
    const listening = Array.from({ length: 300 }, () => onAbort(signal, () => undefined));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (const each of listening) {
      each[Symbol.dispose]();
      each[Symbol.dispose]();
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    using _again = onAbort(signal, () => undefined);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  });

  it('does not call after it is disposed', () => {
    const controller = new AbortController();
    const reasons: unknown[] = [];
    {
      using _listening = onAbort(controller.signal, (reason) => reasons.push(reason));
    }
    controller.abort('late');
    expect(reasons).toEqual([]);
  });
});

describe('after', () => {
  it('calls once when the time has passed', async () => {
    const clock = new VirtualClock();
    let calls = 0;
    after(clock, 100, () => (calls += 1));
    await clock.advance(99);
    expect(calls).toBe(0);
    await clock.advance(500);
    expect(calls).toBe(1);
    expect(clock.sleeping).toBe(0);
  });

  it('does not call after it is disposed, and leaves no timer', async () => {
    const clock = new VirtualClock();
    let calls = 0;
    const timer = after(clock, 100, () => (calls += 1));
    timer[Symbol.dispose]();
    expect(clock.sleeping).toBe(0);
    await clock.advance(500);
    expect(calls).toBe(0);
  });

  it('does not call when disposed between the end of the wait and the call', async () => {
    let calls = 0;
    const timer = after({ sleep: async () => await Promise.resolve() }, 0, () => (calls += 1));
    timer[Symbol.dispose]();
    await Promise.resolve();
    await Promise.resolve();
    expect(calls).toBe(0);
  });
});

describe('every', () => {
  it('calls until it is disposed, and leaves no timer', async () => {
    const clock = new VirtualClock();
    let calls = 0;
    const timer = every(clock, 100, () => void (calls += 1));
    await clock.advance(350);
    expect(calls).toBe(3);
    timer[Symbol.dispose]();
    expect(clock.sleeping).toBe(0);
    await clock.advance(500);
    expect(calls).toBe(3);
  });

  it('waits for another time before the first call', async () => {
    const clock = new VirtualClock();
    const calledAtMs: number[] = [];
    const startMs = clock.now();
    using _timer = every(clock, { firstMs: 10, everyMs: 100 }, () => void calledAtMs.push(clock.now() - startMs));
    await clock.advance(300);
    expect(calledAtMs).toEqual([10, 110, 210]);
  });

  it('starts the next wait when the call before has ended', async () => {
    const clock = new VirtualClock();
    const calledAtMs: number[] = [];
    const startMs = clock.now();
    using _timer = every(clock, 100, async () => {
      calledAtMs.push(clock.now() - startMs);
      await clock.sleep(50);
    });
    await clock.advance(300);
    expect(calledAtMs).toEqual([100, 250]);
  });

  it('ends at the first call that fails, without an unhandled rejection', async () => {
    const clock = new VirtualClock();
    let calls = 0;
    using _timer = every(clock, 100, async () => {
      calls += 1;
      await Promise.reject(new Error('no disk'));
    });
    await clock.advance(500);
    expect(calls).toBe(1);
    expect(clock.sleeping).toBe(0);
  });
});

describe('waitForAbort', () => {
  it('resolves when the signal is aborted, now or before', async () => {
    await waitForAbort(AbortSignal.abort());
    const controller = new AbortController();
    const waiting = waitForAbort(controller.signal);
    controller.abort();
    await expect(waiting).resolves.toBeUndefined();
  });
});
