/**
 * Met: a sweep whose time was over, or that was interrupted, reported objects as failed that it had never asked for,
 *   and the next sweep began behind them.
 * Cause: batches that still waited for their turn were counted as if S3 had refused them, and their keys as settled
 *   when they were handed over.
 * Fix: what was never asked for is neither matched nor failed, and is where the next sweep begins.
 */
import { expect, it } from 'vitest';
import { BreakwaterError } from '../../src/errors.ts';
import { sweep } from '../../src/sweep/sweep.ts';
import { deletedResponse, prepare as prepareDeletes, target } from '../support/fake-deletes.ts';
import { runWithS3 } from '../support/fake-s3.ts';
import { prepare, REQUEST } from '../support/fake-sweep.ts';
import { turn } from '../support/virtual-clock.ts';
import { pagesOf, sweepPage } from '../support/sweep-pages.ts';

const interruption = new BreakwaterError('interrupted', 'SIGTERM', { details: { reason: 'sigterm' } });

it('neither counts nor settles what was never asked for', async () => {
  const { settled, events, store, context } = prepare();
  const error = new BreakwaterError('interrupted', 'SIGTERM');
  const deleteBatch: typeof store.deleteBatch = async ({ items }) =>
    await Promise.resolve({ deleted: items.slice(0, 1), changed: [], stayed: [], untried: items.slice(1), error });
  const page = sweepPage(['a', 'b', 'c'], { after: null, through: null });
  const { tally, ending } = await sweep(pagesOf([page]), REQUEST, { ...context, store: { deleteBatch } });
  expect(ending).toEqual({ kind: 'failed', error });
  expect(tally).toMatchObject({ matched: 1, deleted: 1, failed: 0 });
  expect(settled).toEqual([]);
  expect(events).toMatchObject([{ kind: 'objects_swept', matched: 1, deleted: 1, failed: 0 }]);
});

it('leaves what was waiting for its turn untried', async () => {
  const gate = Promise.withResolvers<void>();
  const { begin, deleter, abort, clock, requests } = prepareDeletes(async (asked) => {
    await gate.promise;
    return deletedResponse(asked);
  });
  const batches = [begin('k0')];
  while (requests.length < 1) await turn();
  for (const key of ['k1', 'k2', 'k3', 'k4', 'k5']) {
    batches.push(deleter.deleteBatch({ bucket: 'b', items: [target(key)] }));
  }
  while (requests.length < 4) await turn();
  abort.abort(interruption);
  gate.resolve();
  const outcomes = await runWithS3(clock, Promise.all(batches));
  expect(outcomes.map(({ deleted, untried, stayed }) => [deleted.length, untried.length, stayed.length])).toEqual([
    ...Array.from({ length: 4 }, () => [1, 0, 0]),
    [0, 1, 0],
    [0, 1, 0],
  ]);
});
