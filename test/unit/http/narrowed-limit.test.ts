import { expect, it } from 'vitest';
import { NarrowedLimit } from '../../../src/http/narrowed-limit.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

it('is as many connections as work, for ten seconds after the last that did not', async () => {
  const clock = new VirtualClock();
  const limit = new NarrowedLimit(clock);
  expect(limit.connectionsMax).toBe(Infinity);
  limit.note(40);
  await clock.advance(5000);
  limit.note(30);
  await clock.advance(9999);
  expect(limit.connectionsMax).toBe(30);
  await clock.advance(1);
  expect(limit.connectionsMax).toBe(Infinity);
});

it('is none for a single failure beside a few that work, as at the start of a run', () => {
  const limit = new NarrowedLimit(new VirtualClock());
  limit.note(15);
  expect(limit.connectionsMax).toBe(Infinity);
  limit.note(16);
  expect(limit.connectionsMax).toBe(16);
});

it('is as few as work once more than that were turned away', () => {
  const limit = new NarrowedLimit(new VirtualClock());
  for (const working of [0, 0, 2]) limit.note(working);
  expect(limit.connectionsMax).toBe(2);
});

it('forgets those of more than ten seconds ago', async () => {
  const clock = new VirtualClock();
  const limit = new NarrowedLimit(clock);
  for (let index = 0; index < 9; index += 1) limit.note(9);
  await clock.advance(10_000);
  limit.note(9);
  expect(limit.connectionsMax).toBe(Infinity);
});

it('is none while nothing works', () => {
  const limit = new NarrowedLimit(new VirtualClock());
  for (let index = 0; index < 100; index += 1) limit.note(0);
  expect(limit.connectionsMax).toBe(Infinity);
});
