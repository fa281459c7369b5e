import { describe, expect, it } from 'vitest';
import { createKeyFilter } from '../../src/key-filter.ts';

describe('createKeyFilter', () => {
  it.each<{ include?: string[]; exclude?: string[]; key: string; isTaken: boolean; why: string }>([
    { key: 'a/b', isTaken: true, why: 'no pattern takes everything' },
    { include: ['*.log'], key: 'a/b.log', isTaken: true, why: 'a name at any depth' },
    { include: ['*.log'], key: 'a.log/b', isTaken: false, why: 'a directory is not a name' },
    { include: ['a/*'], key: 'a/b', isTaken: true, why: 'one level below' },
    { include: ['a/*'], key: 'a/b/c', isTaken: false, why: 'a star stops at a slash' },
    { include: ['a/*'], key: 'x/a/b', isTaken: false, why: 'a slash anchors' },
    { include: ['a/**'], key: 'a/b/c', isTaken: true, why: 'two stars do not stop' },
    { include: ['**/b/*'], key: 'a/x/b/c', isTaken: true, why: 'anywhere' },
    { include: ['/b.log'], key: 'b.log', isTaken: true, why: 'anchored at the top' },
    { include: ['/b.log'], key: 'a/b.log', isTaken: false, why: 'anchored at the top' },
    { include: ['*'], key: '.hidden', isTaken: true, why: 'a dot is nothing special in a key' },
    { include: ['a/**'], key: 'a/.b/c', isTaken: true, why: 'a dot is nothing special in a key' },
    { include: ['!a'], key: '!a', isTaken: true, why: 'an exclamation mark is a character: exclude is a flag' },
    { include: ['*.{jpg,png}'], key: 'a.png', isTaken: true, why: 'alternatives' },
    { include: ['a[0-9]'], key: 'a7', isTaken: true, why: 'classes' },
    { include: [String.raw`a\*`], key: 'a*', isTaken: true, why: 'escaped' },
    { include: [String.raw`a\*`], key: 'ab', isTaken: false, why: 'escaped' },
    { exclude: ['*.tmp'], key: 'a/b.tmp', isTaken: false, why: 'left out' },
    { exclude: ['*.tmp'], key: 'a/b', isTaken: true, why: 'not left out' },
    { include: ['a/**'], exclude: ['*.tmp'], key: 'a/b.tmp', isTaken: false, why: 'exclusion wins' },
    { include: ['*.log', 'a/**'], key: 'a/b', isTaken: true, why: 'one of the patterns is enough' },
  ])('include $include exclude $exclude on $key: $isTaken, $why', ({ include = [], exclude = [], key, isTaken }) => {
    expect(createKeyFilter({ include, exclude })(key)).toBe(isTaken);
  });
});
