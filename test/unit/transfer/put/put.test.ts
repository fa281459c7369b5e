import { describe, expect, it } from 'vitest';
import { planKey } from '../../../../src/transfer/put/put.ts';

describe('planKey', () => {
  it.each([
    ['', 'f.txt', 'f.txt'],
    ['prefix/', 'f.txt', 'prefix/f.txt'],
    ['whole-key', 'f.txt', 'whole-key'],
    ['dir/whole-key', 'f.txt', 'dir/whole-key'],
  ])('plans the key of %j for %j', (key, name, expected) => {
    expect(planKey(key, name)).toBe(expected);
  });
});
