import { describe, expect, it } from 'vitest';
import { parseCheckpoint, SweepCheckpoint } from '../../../src/sweep/checkpoint.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function prepare(saved?: unknown) {
  const stored = new Map<string, unknown>(saved === undefined ? [] : [['id', saved]]);
  const writes: unknown[] = [];
  const clock = new VirtualClock();
  const unfinished = {
    read: async (id: string) => await Promise.resolve(stored.get(id)),
    save: async (id: string, document: unknown) => {
      writes.push(document);
      return await Promise.resolve(stored.set(id, document).has(id));
    },
    remove: async (id: string) => {
      await Promise.resolve(stored.delete(id));
    },
  };
  return { clock, stored, writes, open: async () => await SweepCheckpoint.open({ unfinished, id: 'id', clock }) };
}

describe('SweepCheckpoint', () => {
  it('makes the next sweep start where this one stopped', async () => {
    const { open } = prepare();
    const first = await open();
    expect(first.after).toBeNull();
    first.settle({ after: null, through: 'f' });
    first.settle({ after: 'm', through: 'p' });
    await first.close({ isComplete: false });
    expect((await open()).after).toBe('f');
  });

  it('is removed after a complete round, and after a stop at the very end', async () => {
    for (const isComplete of [true, false]) {
      const { open, stored } = prepare({ after: 'm' });
      const checkpoint = await open();
      expect(checkpoint.after).toBe('m');
      checkpoint.settle({ after: 'm', through: null });
      await checkpoint.close({ isComplete });
      expect(stored.size).toBe(0);
    }
  });

  it('does not move if a sweep made no progress', async () => {
    const { open } = prepare({ after: 'm' });
    await (await open()).close({ isComplete: false });
    expect((await open()).after).toBe('m');
  });

  it('is saved while the sweep runs, at most every 10 s', async () => {
    const { open, clock, writes } = prepare();
    const checkpoint = await open();
    let last: string | null = null;
    for (let second = 10; second < 41; second += 1) {
      const through = `k${second}`;
      checkpoint.settle({ after: last, through });
      last = through;
      await clock.advance(1000);
    }
    expect(writes).toEqual([{ after: 'k20' }, { after: 'k30' }, { after: 'k40' }]);
  });

  it.each([[undefined], [null], ['m'], [{}], [{ after: 3 }], [{ after: '' }]])('takes %j for none', (document) => {
    expect(parseCheckpoint(document)).toBeNull();
  });
});
