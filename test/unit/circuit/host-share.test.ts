import { describe, expect, it } from 'vitest';
import { addToHost, keepRecent } from '../../../src/circuit/host-share.ts';

const A = { host: 'a', failures: 1, atMs: 1000 };
const B = { host: 'b', failures: 2, atMs: 2000 };

describe('the failures of one host', () => {
  it.each([
    ['begin the record of a row without hosts', undefined, A, [A]],
    ['come after those of the others', [A], B, [A, B]],
    [
      'are added to those it has, and it comes last',
      [A, B],
      { ...A, atMs: 3000 },
      [B, { ...A, failures: 2, atMs: 3000 }],
    ],
    ['change the time alone if there are none', [A], { ...A, failures: 0, atMs: 3000 }, [{ ...A, atMs: 3000 }]],
    ['never move its time back', [A], { ...A, atMs: 500 }, [{ ...A, failures: 2 }]],
  ])('%s', (_what, hosts, added, expected) => {
    expect(addToHost(hosts, added)).toEqual(expected);
  });
});

describe('the records that still bar their host', () => {
  it.each([
    ['none of a row without hosts', undefined, 1000, []],
    ['all while they are recent', [A, B], 1000, [A, B]],
    ['one 1 ms before its end', [A], 1999, [A]],
    ['none at its end', [A], 2000, []],
    ['the later ones', [A, B], 2500, [B]],
  ])('are %s', (_what, hosts, nowMs, expected) => {
    expect(keepRecent(hosts, { nowMs, openForMs: 1000 })).toEqual(expected);
  });
});
