import { expect, it } from 'vitest';
import { KeptResults } from '../../../../src/s3/connection/kept-results.ts';

it('makes a result once, for all who wait in the order in which they came', async () => {
  const kept = new KeptResults<number>();
  let made = 0;
  const make = async () => await Promise.resolve((made += 1));
  const ends: number[] = [];
  await Promise.all([1, 2, 3].map(async (caller) => await kept.find('a', make).then(() => ends.push(caller))));
  expect(ends).toEqual([1, 2, 3]);
  expect([kept.get('a'), kept.get('b'), made]).toEqual([1, undefined, 1]);
});

it('makes a result again after a failure, and keeps the newest', async () => {
  const kept = new KeptResults<string>();
  await expect(kept.find('a', async () => await Promise.reject(new Error('no')))).rejects.toThrow('no');
  const old = Promise.withResolvers<string>();
  const first = kept.find('a', async () => await old.promise);
  const second = kept.replace('a', async () => await Promise.resolve('new'));
  old.resolve('old');
  expect(await Promise.all([first, second])).toEqual(['old', 'new']);
  expect(kept.get('a')).toBe('new');
});
