/**
 * Met: a sweep with `--max-duration` over a bucket with few expired objects never deleted any of them, however often
 *   it ran.
 * Cause: what was found waited for a batch of a thousand to fill up, and was left behind when the time was over.
 * Fix: a batch fills up only while others are on their way; alone it goes as it is.
 */
import { expect, it } from 'vitest';
import { BreakwaterError } from '../../src/errors.ts';
import type { SweepPage } from '../../src/sweep/sweep-item.ts';
import { sweep } from '../../src/sweep/sweep.ts';
import { TIME_IS_OVER } from '../../src/sweep/time-is-over.ts';
import { prepare, REQUEST } from '../support/fake-sweep.ts';
import { turn } from '../support/virtual-clock.ts';
import { sweepPage } from '../support/sweep-pages.ts';

it('sends what it has found before the next page comes', async () => {
  const { store, stop, context } = prepare();
  const listing = Promise.withResolvers<void>();
  const slowly = async function* list(): AsyncGenerator<SweepPage> {
    yield sweepPage(['a']);
    listing.resolve();
    await new Promise(() => undefined);
  };
  const running = sweep(slowly(), REQUEST, context);
  await listing.promise;
  await turn();
  stop.abort(new BreakwaterError('interrupted', 'over', { details: { reason: TIME_IS_OVER } }));
  const { tally, ending } = await running;
  expect(ending).toEqual({ kind: 'time' });
  expect([store.batches, tally.deleted]).toEqual([[['a']], 1]);
});
