import { expect, it } from 'vitest';
import { KnownCredentials } from '../../../../src/s3/connection/known-credentials.ts';

const MINUTE = 60_000;

function createKnown(expiration?: Date) {
  const at = { nowMs: 0, generation: 0, asked: 0 };
  const known = new KnownCredentials({
    provider: () => async () => {
      at.asked += 1;
      const identity = { accessKeyId: String(at.asked), secretAccessKey: 's' };
      return await Promise.resolve(expiration === undefined ? identity : { ...identity, expiration });
    },
    generation: () => at.generation,
    clock: { now: () => at.nowMs },
  });
  return { known, at };
}

it('keeps credentials without an end until others replace them', async () => {
  const { known, at } = createKnown();
  expect(known.current).toBeNull();
  await known.find();
  at.nowMs = 1e12;
  expect(known.current?.accessKeyId).toBe('1');
  at.generation += 1;
  expect(known.current).toBeNull();
  await known.find();
  expect(known.current?.accessKeyId).toBe('2');
});

it('asks again before the end of credentials', async () => {
  const { known, at } = createKnown(new Date(60 * MINUTE));
  await known.find();
  at.nowMs = 53 * MINUTE;
  expect(known.current?.accessKeyId).toBe('1');
  at.nowMs = 54 * MINUTE;
  expect(known.current).toBeNull();
});
