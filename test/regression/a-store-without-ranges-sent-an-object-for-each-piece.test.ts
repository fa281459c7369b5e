/**
 * Met: a large object from a store or proxy that ignores `Range` took hundreds of times its bytes.
 * Cause: every piece was requested as a range, got the whole object, and skipped what came before.
 * Fix: the first such response shows it. Pieces that are not arriving yet are left to one response, which brings them all.
 */
import fc from 'fast-check';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FakeFile, FakePipe, OBJECT, prepare, responseOf } from '../support/fake-download.ts';
import type { FakeRequest, FakeResponse } from '../support/fake-s3.ts';

const LARGE = Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 251));

/** Counts the bytes that are read of the bodies. */
function createStore(headers: Record<string, string> = {}) {
  const sent = { bytes: 0 };
  const respond = (request: FakeRequest): FakeResponse => {
    const response = responseOf({ ...request, headers: {} }, { object: LARGE, headers });
    async function* write(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < LARGE.byteLength; at += 10) {
        sent.bytes += 10;
        yield await Promise.resolve(LARGE.subarray(at, at + 10));
      }
    }
    return { ...response, body: Readable.from(write(), { highWaterMark: 1 }) };
  };
  return { sent, respond };
}

describe.each([
  ['a file', () => new FakeFile()],
  ['a pipe', () => new FakePipe()],
])('a store that ignores Range sends to %s', (_what, open) => {
  it.each([[1], [4]])('the object about once, with %d pieces in flight', async (piecesInFlight) => {
    const { sent, respond } = createStore();
    const target = open();
    const { run, moved, requests } = prepare(respond, target, { pieceBytes: 30, piecesInFlight });
    expect(await run()).toMatchObject({ bytes: 3000, verifiedBy: 'md5' });
    expect(target.bytes.equals(LARGE)).toBe(true);
    expect(moved()).toBe(3000);
    expect(requests.length).toBeLessThanOrEqual(1 + piecesInFlight);
    expect(sent.bytes).toBeLessThan(2 * 3000);
  });

  it('one response, if it says so', async () => {
    const { sent, respond } = createStore({ 'accept-ranges': 'none' });
    const target = open();
    const { run, requests } = prepare(respond, target, { pieceBytes: 30, piecesInFlight: 4 });
    expect(await run()).toMatchObject({ bytes: 3000, verifiedBy: 'md5' });
    expect(target.bytes.equals(LARGE)).toBe(true);
    expect([requests.length, sent.bytes]).toEqual([1, 3000]);
  });

  it('one response for a range of it', async () => {
    const { respond } = createStore();
    const target = open();
    const range = { kind: 'from', first: 100, last: 1099 } as const;
    const { run, requests } = prepare(respond, target, { pieceBytes: 30, piecesInFlight: 4, range });
    expect(await run()).toMatchObject({ bytes: 1000 });
    expect(target.bytes.equals(LARGE.subarray(100, 1100))).toBe(true);
    expect(requests).toHaveLength(1);
  });

  it('every byte once, if only some responses ignore it and some are cut', async () => {
    const plan = fc.array(fc.record({ isIgnored: fc.boolean(), cut: fc.nat(20) }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 4 }),
        plan,
        async (pieceBytes, piecesInFlight, steps) => {
          const target = open();
          const { run, moved } = prepare(
            (request, number) => {
              const { isIgnored = true, cut = 20 } = steps[number - 1] ?? {};
              // Every third response only, so that no chain runs out of retries.
              const length = number % 3 === 0 ? cut : Infinity;
              return responseOf(isIgnored ? { ...request, headers: {} } : request, { length });
            },
            target,
            { pieceBytes, piecesInFlight },
          );
          expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'md5' });
          expect(target.bytes).toEqual(OBJECT);
          expect(moved()).toBe(20);
        },
      ),
      { numRuns: 150 },
    );
  });
});
