import { describe, expect, it } from 'vitest';
import { BreakwaterError, type ErrorCode } from '../../../src/errors.ts';
import { runMany } from '../../../src/transfer/run-many.ts';

async function* items(count: number): AsyncGenerator<{ name: string }> {
  for (let index = 0; index < count; index += 1) yield await Promise.resolve({ name: `item ${index}` });
}

const MORE = { hasRoom: () => true, beforeEach: async () => await Promise.resolve() };
const failWith = (code: ErrorCode) => new BreakwaterError(code, code);

describe('runMany', () => {
  it('runs every item, so many at a time, and adds up what was moved and what was there', async () => {
    const flight = { now: 0, most: 0 };
    const result = await runMany(
      items(100),
      async ({ name }) => {
        flight.now += 1;
        flight.most = Math.max(flight.most, flight.now);
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
        flight.now -= 1;
        return name.endsWith('0') ? { bytes: 0, isSkipped: true } : { bytes: 2 };
      },
      { ...MORE, objectsInFlight: 7 },
    );
    expect(result).toEqual({ done: 90, skipped: 10, bytes: 180, unverified: 0, failed: 0, failures: [], ended: null });
    expect(flight.most).toBe(7);
  });

  it('counts what was done without being verified', async () => {
    const verifiedBy = (name: string): string | null => (name.endsWith('0') ? null : 'md5');
    const result = await runMany(
      items(100),
      async ({ name }) => await Promise.resolve({ bytes: 2, verifiedBy: verifiedBy(name) }),
      { ...MORE, objectsInFlight: 7 },
    );
    expect(result).toMatchObject({ done: 100, unverified: 10 });
  });

  it('begins with few, and has one more in flight with each that went well', async () => {
    const waiting: ((isGood: boolean) => void)[] = [];
    const run = runMany(
      items(100),
      async () => {
        const isGood = await new Promise<boolean>((resolve) => {
          waiting.push(resolve);
        });
        if (!isGood) throw failWith('unavailable');
        return { bytes: 1 };
      },
      { ...MORE, objectsInFlight: 20 },
    );
    const settle = async (): Promise<void> =>
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    const end = async (isGood: boolean): Promise<number> => {
      waiting.shift()?.(isGood);
      await settle();
      return waiting.length;
    };
    await settle();
    expect(waiting).toHaveLength(16);
    expect([await end(false), await end(true), await end(false), await end(true)]).toEqual([16, 17, 17, 18]);
    expect([await end(true), await end(true), await end(true), await end(true)]).toEqual([19, 20, 20, 20]);
    while (waiting.length > 0) await end(true);
    expect(await run).toMatchObject({ done: 98, failed: 2 });
  });

  it('has no more than at first where more would not help', async () => {
    const flight = { now: 0, most: 0 };
    const transfer = async (): Promise<{ bytes: number }> => {
      flight.now += 1;
      flight.most = Math.max(flight.most, flight.now);
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      flight.now -= 1;
      return { bytes: 1 };
    };
    await runMany(items(200), transfer, { ...MORE, objectsInFlight: 64, hasRoom: () => false });
    expect(flight.most).toBe(16);
  });

  it('goes on past failed items, and keeps the first hundred by name', async () => {
    const result = await runMany(items(150), async () => await Promise.reject(failWith('rejected')), {
      ...MORE,
      objectsInFlight: 16,
    });
    expect(result).toMatchObject({ done: 0, failed: 150, ended: null });
    expect(result.failures).toHaveLength(100);
  });

  it.each(['circuit_open', 'interrupted', 'deadline', 'config'] as const)(
    'is ended at once by %s: nothing new is begun, and what is under way is told to stop',
    async (code) => {
      const error = failWith(code);
      const begun: string[] = [];
      const result = await runMany(
        items(100),
        async ({ name }, signal) => {
          begun.push(name);
          if (name === 'item 0') return { bytes: 5 };
          if (name === 'item 4') throw error;
          await new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          });
          throw new Error('unreachable');
        },
        { ...MORE, objectsInFlight: 4 },
      );
      expect(result).toMatchObject({ done: 1, bytes: 5, failed: 0, ended: error });
      expect(begun).toHaveLength(5);
    },
  );

  it('is ended by an item whose retries the circuit has stopped, and counts that item as failed', async () => {
    const refused = failWith('circuit_open');
    const result = await runMany(
      items(3),
      async ({ name }, signal) => {
        if (name === 'item 0') throw new BreakwaterError('unavailable', 'SlowDown', { cause: refused });
        return await new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      },
      { ...MORE, objectsInFlight: 3 },
    );
    expect(result).toMatchObject({ done: 0, failed: 1, ended: refused });
  });

  it('begins no item before it may', async () => {
    const gate = Promise.withResolvers<void>();
    const begun: string[] = [];
    const run = runMany(
      items(3),
      async ({ name }) => {
        begun.push(name);
        return await Promise.resolve({ bytes: 1 });
      },
      { ...MORE, objectsInFlight: 2, beforeEach: async () => await gate.promise },
    );
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(begun).toEqual([]);
    gate.resolve();
    expect(await run).toMatchObject({ done: 3 });
  });

  it('throws what ended it before anything was done', async () => {
    const error = failWith('circuit_open');
    await expect(
      runMany(items(3), async () => await Promise.reject(error), { ...MORE, objectsInFlight: 16 }),
    ).rejects.toBe(error);
  });

  it('throws a mistake of ours, whatever was done', async () => {
    const run = runMany(
      items(20),
      async ({ name }) => {
        if (name === 'item 9') throw new TypeError('ours');
        return await Promise.resolve({ bytes: 1 });
      },
      { ...MORE, objectsInFlight: 1 },
    );
    await expect(run).rejects.toThrow('ours');
  });

  it('lets what is in flight end where the source fails, and then ends with its error', async () => {
    async function* failing(): AsyncGenerator<readonly { name: string }[]> {
      yield await Promise.resolve([{ name: 'a' }, { name: 'b' }]);
      throw failWith('access_denied');
    }
    const aborted: unknown[] = [];
    const result = await runMany(
      failing(),
      async (_item, signal) => {
        for (let turn = 0; turn < 5; turn += 1) {
          await new Promise<void>((resolve) => {
            setImmediate(resolve);
          });
        }
        if (signal.aborted) aborted.push(signal.reason);
        return { bytes: 1 };
      },
      { ...MORE, objectsInFlight: 4 },
    );
    expect([result.done, aborted, result.ended?.code]).toEqual([2, [], 'access_denied']);
  });
});
