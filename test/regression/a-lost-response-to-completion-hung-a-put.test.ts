/**
 * Met: a `put` of several parts hung for good when the response to its last request was lost.
 * Cause: the lost response is made good by a HEAD within the same attempt. That second request began on a watch that
 *   had ended with the first one: the loop that looks after time limits span on it, and nothing else ever ran.
 * Fix: the watch begins anew with each request of an attempt.
 */
import { expect, it } from 'vitest';
import { WatchTimer } from '../../src/http/watch-timer.ts';
import { RequestWatch } from '../../src/http/request-watch.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

it('looks after the second request of an attempt as after the first', async () => {
  const clock = new VirtualClock();
  const rounds = new WatchTimer(clock);
  const watch = new RequestWatch(clock, { requestTimeoutMs: 60_000, stallTimeoutMs: 30_000 });
  const faults: string[] = [];
  const begin = (name: string): void => {
    watch.start(({ word }) => faults.push(`${name} ${word}`));
    rounds.add(watch);
    watch.enter('waiting');
  };
  begin('complete');
  await clock.advance(20_000);
  watch.enter('done');
  rounds.remove(watch);
  begin('head');
  await clock.advance(59_999);
  expect(faults).toEqual([]);
  await clock.advance(1);
  expect(faults).toEqual(['head response_timeout']);
  rounds.remove(watch);
  expect(clock.sleeping).toBe(0);
});
