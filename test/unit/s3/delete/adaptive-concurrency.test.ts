import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adaptPace,
  FIRST_PACE,
  IN_FLIGHT_MAX,
  type Pace,
  type PacedEnd,
  PacedRequests,
} from '../../../../src/s3/delete/adaptive-concurrency.ts';

const pace = (inFlightMax: number, answered = 0, epoch = 0): Pace => ({ inFlightMax, answered, epoch });

describe('adaptPace', () => {
  it.each<[string, Pace, PacedEnd, number, Pace]>([
    ['an answer counts', pace(4), 'answered', 0, pace(4, 1)],
    ['as many answers as are allowed make one more', pace(4, 3), 'answered', 0, pace(5, 0)],
    ['the greatest number stays', pace(IN_FLIGHT_MAX, 15), 'answered', 0, pace(IN_FLIGHT_MAX, 16)],
    ['throttling halves it', pace(9, 3), 'throttled', 0, pace(4, 0, 1)],
    ['and again', pace(4, 0, 1), 'throttled', 1, pace(2, 0, 2)],
    ['never below one', pace(1, 0, 5), 'throttled', 5, pace(1, 0, 6)],
    ['what was sent before a cut does not cut again', pace(4, 0, 1), 'throttled', 0, pace(4, 0, 1)],
    ['nor does its answer count', pace(4, 0, 1), 'answered', 0, pace(4, 0, 1)],
    ['other faults say nothing', pace(4, 2), 'failed', 0, pace(4, 2)],
  ])('%s', (_what, before, end, epoch, after) => {
    expect(adaptPace(before, { end, epoch })).toEqual(after);
  });

  it('stays within its bounds, whatever comes', () => {
    const end = fc.constantFrom<PacedEnd>('answered', 'throttled', 'failed');
    fc.assert(
      fc.property(fc.array(fc.record({ end, age: fc.nat(2) }), { maxLength: 300 }), (ends) => {
        let now = FIRST_PACE;
        for (const { end: each, age } of ends) {
          const next = adaptPace(now, { end: each, epoch: now.epoch - age });
          expect(next.inFlightMax).toBeGreaterThanOrEqual(1);
          expect(next.inFlightMax).toBeLessThanOrEqual(IN_FLIGHT_MAX);
          expect(next.epoch - now.epoch).toBeLessThanOrEqual(1);
          now = next;
        }
      }),
    );
  });
});

describe('PacedRequests', () => {
  const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

  function start() {
    const paced = new PacedRequests();
    const stop = new AbortController();
    const open: { settle: (error?: Error) => void }[] = [];
    const run = async (): Promise<void> => {
      await paced.run(
        async () =>
          await new Promise<void>((resolve, reject) => {
            open.push({ settle: (error) => (error === undefined ? resolve() : reject(error)) });
          }),
        { signal: stop.signal, judge: ({ message }: Error) => (message === 'slow' ? 'throttled' : 'failed') } as never,
      );
    };
    return { stop, open, run };
  }

  it('lets through as many as are allowed, the others as those end, in order', async () => {
    const { open, run } = start();
    const all = Array.from({ length: 7 }, run);
    await turn();
    expect(open).toHaveLength(4);
    open[0]?.settle();
    await turn();
    expect(open).toHaveLength(5);
    for (let index = 1; index < 7; index += 1) {
      open[index]?.settle();
      await turn();
    }
    await Promise.all(all);
  });

  it('lets fewer through after throttling, until those on their way are fewer than that', async () => {
    const { open, run } = start();
    const all = Array.from({ length: 6 }, async () => await run().catch(() => undefined));
    await turn();
    open[0]?.settle(new Error('slow'));
    await turn();
    expect(open).toHaveLength(4);
    open[1]?.settle();
    await turn();
    expect(open).toHaveLength(4);
    open[2]?.settle();
    await turn();
    expect(open).toHaveLength(5);
    for (let index = 3; index < 6; index += 1) {
      open[index]?.settle();
      await turn();
    }
    await Promise.all(all);
  });

  it('ends the wait of those whose signal is aborted, and gives nothing of their place away', async () => {
    const { stop, open, run } = start();
    const first = Array.from({ length: 4 }, run);
    const waiting = run();
    await turn();
    const reason = new Error('over');
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(run()).rejects.toBe(reason);
    for (const { settle } of open) settle();
    await Promise.all(first);
    expect(open).toHaveLength(4);
  });
});
