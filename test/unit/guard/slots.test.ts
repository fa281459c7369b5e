import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slots, usualBounds, type SlotQueue, type Slot } from '../../../src/guard/slots.ts';

const never = new AbortController().signal;

/** What `take` has given so far. */
function follow(queue: SlotQueue, bufferBytes: number, signal = never) {
  const taken: { slot: Slot | null; error: unknown } = { slot: null, error: null };
  queue.take(bufferBytes, { signal }).then(
    (slot) => (taken.slot = slot),
    (error: unknown) => (taken.error = error),
  );
  return taken;
}

async function settle(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

describe('slots', () => {
  it('are fewer through a proxy, which may take few connections', () => {
    expect([true, false].map((isProxied) => usualBounds({ isProxied }).requests)).toEqual([64, 256]);
  });

  it('bound the requests in flight over all lanes', async () => {
    const slots = new Slots({ requests: 2, bufferBytes: 100 });
    const takes = [slots.openQueue(), slots.openQueue(), slots.openQueue()].map((queue) => follow(queue, 1));
    await settle();
    expect(takes.map(({ slot }) => slot !== null)).toEqual([true, true, false]);
    takes[0]!.slot![Symbol.dispose]();
    await settle();
    expect(takes[2]!.slot).not.toBeNull();
  });

  it('bound the bytes in memory, but let a single larger request go alone', async () => {
    const slots = new Slots({ requests: 9, bufferBytes: 100 });
    const queue = slots.openQueue();
    const first = follow(queue, 60);
    const large = follow(queue, 500);
    await settle();
    expect([first.slot !== null, large.slot !== null]).toEqual([true, false]);
    first.slot![Symbol.dispose]();
    const after = follow(queue, 1);
    await settle();
    expect([large.slot !== null, after.slot !== null]).toEqual([true, false]);
  });

  it('do not keep a probe waiting, because their holders may wait for it, but only for its first', async () => {
    const slots = new Slots({ requests: 1, bufferBytes: 100 });
    const older = follow(slots.openQueue(), 100);
    const lane = slots.openQueue();
    const probe = { signal: never, isProbe: true };
    const first = await lane.take(60, probe);
    const second = lane.take(60, probe);
    let isSecondTaken = false;
    void second.then(() => (isSecondTaken = true));
    await settle();
    expect(isSecondTaken).toBe(false);
    first[Symbol.dispose]();
    await settle();
    expect(isSecondTaken).toBe(false);
    older.slot![Symbol.dispose]();
    (await second)[Symbol.dispose]();
  });

  it('go to the transfers that were begun first, whoever asked first', async () => {
    const slots = new Slots({ requests: 1, bufferBytes: 100 });
    const [older, younger] = [slots.openQueue(), slots.openQueue()];
    const held = follow(older, 1);
    const late = follow(younger, 1);
    const early = follow(older, 1);
    await settle();
    held.slot![Symbol.dispose]();
    await settle();
    expect([early.slot !== null, late.slot !== null]).toEqual([true, false]);
  });

  it('give up a wait with the reason of its signal, and let others through', async () => {
    const slots = new Slots({ requests: 2, bufferBytes: 100 });
    const queue = slots.openQueue();
    const stop = new AbortController();
    const held = follow(queue, 60);
    const large = follow(queue, 90, stop.signal);
    const small = follow(queue, 10);
    await settle();
    expect([held.slot !== null, large.slot, small.slot]).toEqual([true, null, null]);
    const reason = new Error('stop');
    stop.abort(reason);
    await settle();
    expect(large.error).toBe(reason);
    expect(small.slot).not.toBeNull();
  });

  it('give back a slot once, however often it is disposed of', async () => {
    const slots = new Slots({ requests: 1, bufferBytes: 100 });
    const queue = slots.openQueue();
    const held = follow(queue, 1);
    await settle();
    held.slot![Symbol.dispose]();
    held.slot![Symbol.dispose]();
    const takes = [follow(queue, 1), follow(queue, 1)];
    await settle();
    expect(takes.filter(({ slot }) => slot !== null)).toHaveLength(1);
  });

  it('never pass their bounds and never strand anybody', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ queue: fc.nat({ max: 3 }), bytes: fc.nat({ max: 150 }) }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        async (takes, requests) => {
          const slots = new Slots({ requests, bufferBytes: 100 });
          const lanes = Array.from({ length: 4 }, () => slots.openQueue());
          const use = { requests: 0, bytes: 0 };
          await Promise.all(
            takes.map(async ({ queue, bytes }) => {
              using _slot = await lanes[queue]!.take(bytes, { signal: never });
              use.requests += 1;
              use.bytes += bytes;
              expect(use.requests).toBeLessThanOrEqual(requests);
              expect(use.bytes <= 100 || use.bytes === bytes).toBe(true);
              await settle();
              use.requests -= 1;
              use.bytes -= bytes;
            }),
          );
          expect(use).toEqual({ requests: 0, bytes: 0 });
        },
      ),
      { numRuns: 100 },
    );
  });
});
