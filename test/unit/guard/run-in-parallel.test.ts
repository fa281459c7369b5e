import { describe, expect, it } from 'vitest';
import { runGuarded } from '../../../src/guard/guarded-operation.ts';
import { runPieces } from '../../../src/guard/run-in-parallel.ts';
import { TransferFault } from '../../../src/retry/transfer-fault.ts';
import { createFakeGuard } from '../../support/fake-guard.ts';

const TARGET = { operation: 'put_object', bucket: 'b', key: 'k' } as const;

describe('runPieces', () => {
  it('works through all pieces in their order, no more than so many at a time', async () => {
    const { guard, clock } = createFakeGuard();
    const begun: number[] = [];
    const flight = { now: 0, most: 0 };
    await clock.runUntilSettled(
      runGuarded(guard, TARGET, async (requests) =>
        runPieces([1, 2, 3, 4, 5], { inFlight: 2, requests }, async (piece) => {
          begun.push(piece);
          flight.now += 1;
          flight.most = Math.max(flight.most, flight.now);
          await clock.sleep(10);
          flight.now -= 1;
        }),
      ),
    );
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    expect(flight.most).toBe(2);
  });

  it('stops the requests and backoffs of the others as soon as one fails for good', async () => {
    const { guard, clock, events } = createFakeGuard();
    const startedAtMs = clock.monotonic();
    const aborted: unknown[] = [];
    const run = runGuarded(guard, TARGET, async (requests) =>
      runPieces([1, 2, 3, 4], { inFlight: 3, requests }, async (piece) =>
        requests.send(async ({ options }) => {
          // The second is in its backoff, the third in its request, the fourth never begins.
          if (piece === 2) throw new TransferFault('connection_reset', 'reset');
          if (piece === 1) {
            await clock.sleep(100);
            throw Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
          }
          await clock.sleep(50_000, options.abortSignal).catch((error: unknown) => {
            aborted.push(piece);
            throw error;
          });
        }),
      ),
    );
    await expect(clock.runUntilSettled(run)).rejects.toMatchObject({ code: 'access_denied' });
    expect(clock.monotonic() - startedAtMs).toBe(100);
    expect(aborted).toEqual([3]);
    expect(events.at(-1)).toMatchObject({ kind: 'operation_finished', code: 'access_denied' });
  });
});
