import { describe, expect, it } from 'vitest';
import { ItemSupply } from '../../../src/transfer/item-supply.ts';

describe('ItemSupply', () => {
  it('gives each item once, to whoever asks, and null after the last', async () => {
    async function* pages(): AsyncGenerator<number | readonly number[]> {
      yield [1, 2, 3];
      yield [];
      yield await Promise.resolve(4);
      yield [5];
    }
    const supply = new ItemSupply(pages());
    const asked = await Promise.all(Array.from({ length: 4 }, async () => await supply.take()));
    const rest = [await supply.take(), await supply.take(), await supply.take()];
    expect([...asked, ...rest].toSorted((a, b) => (a ?? 9) - (b ?? 9))).toEqual([1, 2, 3, 4, 5, null, null]);
  });

  it('gives what is ready without a promise', async () => {
    async function* pages(): AsyncGenerator<readonly string[]> {
      yield await Promise.resolve(['a', 'b']);
    }
    const supply = new ItemSupply(pages());
    expect(await supply.take()).toBe('a');
    expect(supply.take()).toBe('b');
  });

  it('fails where the source fails, and has nothing more', async () => {
    async function* pages(): AsyncGenerator<string> {
      yield await Promise.resolve('a');
      throw new Error('no page');
    }
    const supply = new ItemSupply(pages());
    expect(await supply.take()).toBe('a');
    await expect(supply.take()).rejects.toThrow('no page');
    expect(await supply.take()).toBeNull();
  });

  it('closes its source', async () => {
    let isClosed = false;
    async function* pages(): AsyncGenerator<string> {
      try {
        yield await Promise.resolve('a');
      } finally {
        isClosed = true;
      }
    }
    const supply = new ItemSupply(pages());
    await supply.take();
    await supply.close();
    expect(isClosed).toBe(true);
  });
});
