import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sweepRound, RoundPosition } from '../../../src/sweep/round.ts';
import type { KeySpan } from '../../../src/sweep/sweep-item.ts';
import { sweepPage } from '../../support/sweep-pages.ts';

describe('sweepRound', () => {
  const ask = async (after: string | null): Promise<readonly KeySpan[]> => {
    const asked: KeySpan[] = [];
    const select = async function* selected(span: KeySpan) {
      asked.push(span);
      yield await Promise.resolve(sweepPage([]));
    };
    for await (const page of sweepRound(select, after)) expect(page.items).toEqual([]);
    return asked;
  };

  it.each([
    [null, [{ after: null, through: null }]],
    [
      'm',
      [
        { after: 'm', through: null },
        { after: null, through: 'm' },
      ],
    ],
  ])('from %s asks for every key once', async (after, expected) => {
    expect(await ask(after)).toEqual(expected);
  });
});

describe('RoundPosition', () => {
  it('advances only over spans without a gap', () => {
    const position = new RoundPosition(null);
    position.settle({ after: 'm', through: 'p' });
    expect(position.after).toBeNull();
    position.settle({ after: null, through: 'f' });
    expect(position.after).toBe('f');
    position.settle({ after: 'f', through: 'm' });
    expect(position.after).toBe('p');
    position.settle({ after: 'p', through: null });
    expect(position.after).toBeNull();
  });

  it('continues at the beginning after the end', () => {
    const position = new RoundPosition('m');
    position.settle({ after: null, through: 'c' });
    expect(position.after).toBe('m');
    position.settle({ after: 'm', through: null });
    expect(position.after).toBe('c');
  });

  it('is the end of the connected spans from its start, in any order, with one entry for each gap', () => {
    const cut = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(cut, fc.nat(), fc.infiniteStream(fc.nat()), (keys, start, random) => {
        const ordered = keys.toSorted();
        const bounds: (string | null)[] = [null, ...ordered, null];
        const spans = bounds.slice(1).map((through, index) => ({ after: bounds[index] ?? null, through }));
        const first = start % spans.length;
        const turned = [...spans.slice(first), ...spans.slice(0, first)];
        const position = new RoundPosition(turned[0]?.after ?? null);
        const open = new Set(turned.keys());
        while (open.size > 0) {
          const index = [...open][(random.next().value as number) % open.size]!;
          position.settle(turned[index]!);
          open.delete(index);
          const reached = open.size === 0 ? turned.length : Math.min(...open);
          const expected = reached === 0 ? turned[0]!.after : turned[reached - 1]!.through;
          expect(position.after).toBe(expected);
          expect(position.gaps).toBeLessThanOrEqual(open.size);
        }
      }),
    );
  });
});
