import { describe, expect, it } from 'vitest';
import { openUnfinishedWork } from '../../../src/state/stored-work.ts';
import { identifyProcess } from '../../../src/state/process-identity.ts';
import { createTestState, type TestState } from '../../support/state.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function open(test: TestState, pid: number, clock = new VirtualClock()) {
  const closers: (() => void | Promise<void>)[] = [];
  const state = test.open();
  const work = openUnfinishedWork(
    {
      clock,
      state: async () => await Promise.resolve(state),
      // Alive: this process, under a number that tells the claimants apart.
      processIdentity: () => ({ ...identifyProcess('put'), bootId: null, pid }),
      onClose: (close) => closers.push(close),
    },
    'upload',
  );
  return { work, closers, clock };
}

describe('openUnfinishedWork', () => {
  it('reads what another process has saved', async () => {
    await using test = await createTestState();
    await open(test, 1).work.save('a', { uploadId: 'x' });
    const { work } = open(test, 2);
    expect(await work.read('a')).toEqual({ uploadId: 'x' });
    expect((await work.list()).map(({ id }) => id)).toEqual(['a']);
    await work.remove('a');
    expect(await open(test, 1).work.read('a')).toBeUndefined();
  });

  it('gives a piece of work to one process at a time', async () => {
    await using test = await createTestState();
    const one = open(test, 1);
    const two = open(test, 2);
    const claim = await one.work.claim('a');
    expect(claim?.isOurs()).toBe(true);
    expect(await two.work.claim('a')).toBeNull();
    expect(await two.work.claim('b')).not.toBeNull();
    await claim?.[Symbol.asyncDispose]();
    expect(await two.work.claim('a')).not.toBeNull();
  });

  it('reports who holds the claim', async () => {
    await using test = await createTestState();
    const one = open(test, 1);
    await one.work.claim('a');
    const holders: unknown[] = [];
    expect(await open(test, 2).work.claim('a', (holder) => holders.push(holder))).toBeNull();
    expect(holders).toEqual([{ pid: 1, host: expect.any(String) as string, sinceMs: one.clock.now() }]);
  });

  it('releases a claim when the command ends', async () => {
    await using test = await createTestState();
    const one = open(test, 1);
    await one.work.claim('a');
    for (const close of one.closers) await close();
    expect(await open(test, 2).work.claim('a')).not.toBeNull();
  });

  it('renews a claim while the work runs', async () => {
    await using test = await createTestState();
    const one = open(test, 1);
    await one.work.claim('a');
    await one.clock.advance(300_000);
    const two = open(test, 2, one.clock);
    expect(await two.work.claim('a')).toBeNull();
  });
});
