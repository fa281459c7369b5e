import type { EventLoopUtilization } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { watchHeadroom } from '../../../src/cli/event-loop-headroom.ts';

/** An event loop that has worked and waited so long, in ms. */
function createLoop() {
  const now = { active: 0, idle: 0 };
  const read = (since?: EventLoopUtilization): EventLoopUtilization => {
    const active = now.active - (since?.active ?? 0);
    const idle = now.idle - (since?.idle ?? 0);
    return { active, idle, utilization: active + idle === 0 ? 0 : active / (active + idle) };
  };
  return {
    hasRoom: watchHeadroom(read),
    pass: (active: number, idle: number): void => {
      now.active += active;
      now.idle += idle;
    },
  };
}

describe('watchHeadroom', () => {
  it('has none before 50 ms', () => {
    const { hasRoom, pass } = createLoop();
    expect(hasRoom()).toBe(false);
    pass(0, 49);
    expect(hasRoom()).toBe(false);
    pass(0, 1);
    expect(hasRoom()).toBe(true);
  });

  it.each([
    [90, 10, true],
    [91, 9, false],
    [500, 0, false],
    [0, 500, true],
  ])('after %i ms of work and %i ms of waiting says %s', (active, idle, expected) => {
    const { hasRoom, pass } = createLoop();
    pass(active, idle);
    expect(hasRoom()).toBe(expected);
  });

  it('measures the last 50 ms or more, not the whole run', () => {
    const { hasRoom, pass } = createLoop();
    pass(1000, 0);
    expect(hasRoom()).toBe(false);
    pass(10, 10);
    expect(hasRoom()).toBe(false);
    pass(10, 20);
    expect(hasRoom()).toBe(true);
    pass(49, 0);
    expect(hasRoom()).toBe(true);
    pass(1, 0);
    expect(hasRoom()).toBe(false);
  });
});
