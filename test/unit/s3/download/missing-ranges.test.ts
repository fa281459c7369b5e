import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MissingRanges, type Piece } from '../../../../src/s3/download/missing-ranges.ts';

const SIZE = 40;
const spans = fc.array(
  fc.tuple(fc.nat(SIZE), fc.nat(SIZE)).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) })),
  { maxLength: 6 },
);

describe('MissingRanges', () => {
  it('hands out every missing byte exactly once, whatever is covered already', () => {
    fc.assert(
      fc.property(spans, fc.integer({ min: 1, max: 50 }), (covered, length) => {
        const ledger = new MissingRanges(SIZE, covered);
        const counts = Array.from({ length: SIZE }, (_, at) =>
          covered.some(({ start, end }) => start <= at && at < end) ? 1 : 0,
        );
        for (let piece = ledger.take(length); piece !== null; piece = ledger.take(length)) {
          expect(piece.end - piece.start).toBeLessThanOrEqual(length);
          for (let at = piece.start; at < piece.end; at += 1) counts[at]! += 1;
          ledger.finish(piece);
        }
        expect(counts).toEqual(Array(SIZE).fill(1));
        expect(ledger.covered()).toEqual([{ start: 0, end: SIZE }]);
        expect(ledger.frontier).toBe(SIZE);
      }),
    );
  });

  it('covers what was written and nothing else while pieces are being fetched', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10), { maxLength: 8 }), (progress) => {
        const ledger = new MissingRanges(SIZE);
        const written = new Set<number>();
        const pieces = progress.map(() => ledger.take(10)).filter((piece): piece is Piece => piece !== null);
        for (const [index, piece] of pieces.entries()) {
          piece.at = Math.min(piece.end, piece.start + (progress[index] ?? 0));
          for (let at = piece.start; at < piece.at; at += 1) written.add(at);
        }
        const claimed = ledger
          .covered()
          .flatMap(({ start, end }) => Array.from({ length: end - start }, (_, at) => start + at));
        expect(new Set(claimed)).toEqual(written);
        const missing = Array.from({ length: SIZE + 1 }, (_, at) => at).find((at) => !written.has(at));
        expect(ledger.frontier).toBe(missing);
      }),
    );
  });

  it('keeps the piece that restarts with everything else', () => {
    const ledger = new MissingRanges(SIZE);
    const kept = ledger.take(10)!;
    kept.at = 7;
    ledger.restart(kept);
    expect(kept.at).toBe(0);
    expect(ledger.covered()).toEqual([]);
    expect(ledger.take(100)).toMatchObject({ start: 10, end: SIZE });
  });

  it('takes all of an object of unknown size as one piece', () => {
    expect(new MissingRanges(Infinity).take(Infinity)).toMatchObject({ start: 0, end: Infinity, at: 0 });
    expect(new MissingRanges(0).take(10)).toBeNull();
  });
});
