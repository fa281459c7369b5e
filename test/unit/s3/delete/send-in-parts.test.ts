import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANY_SIZE, sendInParts, type BatchSize } from '../../../../src/s3/delete/send-in-parts.ts';

/** A store that takes at most `max` items at once, and none of the odd ones. */
async function send(
  count: number,
  { max = 1000, odd = [], size = ANY_SIZE }: { max?: number; odd?: readonly number[]; size?: BatchSize },
) {
  const taken: number[] = [];
  const alone: number[] = [];
  const sizes: number[] = [];
  const next = await sendInParts(
    Array.from({ length: count }, (_, index) => index),
    {
      size,
      send: async (part) => {
        sizes.push(part.length);
        const isTaken = part.length <= max && !part.some((item) => odd.includes(item));
        if (isTaken) taken.push(...part);
        return await Promise.resolve(isTaken);
      },
      onRefused: (item) => alone.push(item),
    },
  );
  return { taken, alone, sizes, next };
}

const sort = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);

describe('sendInParts', () => {
  it('sends one request to a store that takes it', async () => {
    expect(await send(1000, {})).toMatchObject({ sizes: [1000], alone: [], next: ANY_SIZE });
  });

  it('halves what is refused, and remembers the size that was taken', async () => {
    const { taken, sizes, next } = await send(1000, { max: 100 });
    expect(sizes.slice(0, 5)).toEqual([1000, 500, 250, 125, 63]);
    expect(sizes.filter((length) => length > 100)).toHaveLength(4);
    expect(taken).toHaveLength(1000);
    expect(next).toEqual({ max: 63 });
    const later = await send(1000, { max: 100, size: next });
    expect(later.sizes.every((length) => length <= 63)).toBe(true);
    expect(later.taken).toHaveLength(1000);
  });

  it.each([0, 499, 999])('finds the one item that is refused anywhere (%d), and keeps the size', async (index) => {
    const { taken, alone, next } = await send(1000, { odd: [index] });
    expect(alone).toEqual([index]);
    expect(taken).toHaveLength(999);
    expect(next).toEqual(ANY_SIZE);
  });

  it('sends every item once, or names it as refused, whatever the store takes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 300 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 299 }), { maxLength: 5 }),
        async (count, max, odd) => {
          const { taken, alone } = await send(count, { max, odd });
          expect(sort([...taken, ...alone])).toEqual(Array.from({ length: count }, (_, at) => at));
          expect(sort(alone)).toEqual(sort(odd.filter((item) => item < count)));
        },
      ),
    );
  });
});
