import { expect, it } from 'vitest';
import { NarrowedLimit } from '../../../src/http/narrowed-limit.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function turnAway(limit: NarrowedLimit, count: number, working: number): void {
  for (let index = 0; index < count; index += 1) limit.noteTurnedAway(working);
}

it('is as many connections as work, for ten seconds after the last that was turned away', async () => {
  const clock = new VirtualClock();
  const limit = new NarrowedLimit(clock);
  expect(limit.connectionsMax).toBe(Infinity);
  turnAway(limit, 3, 40);
  await clock.advance(5000);
  turnAway(limit, 1, 30);
  await clock.advance(9999);
  expect(limit.connectionsMax).toBe(30);
  await clock.advance(1);
  expect(limit.connectionsMax).toBe(Infinity);
});

it('is none as long as some are taken: a server that drops one in ten has room', () => {
  const limit = new NarrowedLimit(new VirtualClock());
  for (let index = 0; index < 50; index += 1) {
    turnAway(limit, 2, 20);
    limit.noteTaken();
  }
  expect(limit.connectionsMax).toBe(Infinity);
});

it('is none while nothing works', () => {
  const limit = new NarrowedLimit(new VirtualClock());
  turnAway(limit, 100, 0);
  expect(limit.connectionsMax).toBe(Infinity);
});
