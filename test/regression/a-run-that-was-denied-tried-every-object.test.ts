/**
 * Met: with credentials that may not write, `put -r` of 48 files sent 48 requests, each denied, and ended with status 3.
 * Cause: each denial was the failure of one object, whatever became of the others.
 * Fix: a run whose every object was denied is 77, and stops after ten denials without anything else. One object that the
 *   store takes, or that is there already, or any other failure, and the run goes on as before.
 */
import { describe, expect, it } from 'vitest';
import { BreakwaterError } from '../../src/errors.ts';
import { runMany, type ItemDone } from '../../src/transfer/run-many.ts';

const denied = (s3Code = 'AccessDenied') =>
  new BreakwaterError('access_denied', `put failed: ${s3Code}`, { details: { s3Code, httpStatus: 403 } });

async function* items(count: number): AsyncGenerator<{ name: string }> {
  for (let index = 0; index < count; index += 1) yield await Promise.resolve({ name: String(index) });
}

async function run(count: number, transfer: (index: number) => ItemDone | BreakwaterError, atATime = 16) {
  let tried = 0;
  const attempt = async ({ name }: { name: string }): Promise<ItemDone> => {
    tried += 1;
    const outcome = await Promise.resolve(transfer(Number(name)));
    if (outcome instanceof BreakwaterError) throw outcome;
    return outcome;
  };
  const result = await runMany(items(count), attempt, {
    objectsInFlight: atATime,
    hasRoom: () => true,
    beforeEach: async () => await Promise.resolve(),
  });
  return { ...result, tried };
}

describe('a run whose every object is denied', () => {
  it("stops after ten denials, with S3's words about the first", async () => {
    const { tried, failed, ended } = await run(1000, () => denied());
    expect([failed, tried <= 26]).toEqual([10, true]);
    expect(ended).toMatchObject({
      code: 'access_denied',
      message: 'access denied to each of 10 objects; stopped after 10 denials: put failed: AccessDenied',
      details: { s3Code: 'AccessDenied', httpStatus: 403 },
    });
  });

  it('does not count the objects that it stops as denied', async () => {
    const result = await runMany(
      items(1000),
      async ({ name }, signal) => {
        if (Number(name) < 10) throw denied();
        return await new Promise<ItemDone>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        });
      },
      { objectsInFlight: 16, hasRoom: () => true, beforeEach: async () => await Promise.resolve() },
    );
    expect(result).toMatchObject({ done: 0, failed: 10, ended: { code: 'access_denied' } });
  });

  it.each([
    [1, 'access denied to the only object: put failed: AccessDenied'],
    [9, 'access denied to each of 9 objects: put failed: AccessDenied'],
  ])('is access_denied with %d objects', async (count, message) => {
    expect(await run(count, () => denied())).toMatchObject({ tried: count, ended: { code: 'access_denied', message } });
  });
});

describe('a run goes on', () => {
  it.each<[string, ItemDone | BreakwaterError]>([
    ['after an object that was moved', { bytes: 1 }],
    ['after an object that is there already', { bytes: 0, isSkipped: true }],
    ['after another failure', new BreakwaterError('local_io', 'unreadable')],
    ['after one in an archive class', denied('InvalidObjectState')],
  ])('%s', async (_what, first) => {
    expect(await run(30, (index) => (index === 0 ? first : denied()), 1)).toMatchObject({ tried: 30, ended: null });
  });
});
