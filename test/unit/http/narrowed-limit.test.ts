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

it('is none while so few work that it may be the server that is down', () => {
  const limit = new NarrowedLimit(new VirtualClock());
  limit.note(15);
  expect(limit.connectionsMax).toBe(Infinity);
  limit.note(16);
  expect(limit.connectionsMax).toBe(16);
});
