import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListedVersion } from '../../../../src/s3/list/list-versions.ts';
import { VersionSieve } from '../../../../src/sweep/select/version-sieve.ts';

/** `k1*` is the current version of k, `k2x` a noncurrent marker, `k3*x` a current marker. */
function version(text: string): ListedVersion {
  const [, key = '', versionId = '', latest, marker] = /^([a-z])(\d+)(\*?)(x?)$/.exec(text) ?? [];
  const isDeleteMarker = marker === 'x';
  return {
    key,
    versionId,
    isLatest: latest === '*',
    isDeleteMarker,
    sizeBytes: isDeleteMarker ? 0 : 10,
    lastModifiedMs: 0,
    etag: isDeleteMarker ? null : '"e"',
  };
}

/** What is picked from pages such as `a1* a2 | a3`. */
function sieve(pages: string): readonly string[] {
  const taker = new VersionSieve();
  const list = pages.split('|').map((page) =>
    page
      .trim()
      .split(' ')
      .filter((text) => text !== '')
      .map(version),
  );
  return list.flatMap((page, index) =>
    taker.take(page, { isLast: index === list.length - 1 }).map(({ key, versionId }) => `${key}${versionId}`),
  );
}

describe('VersionSieve', () => {
  it.each([
    ['leaves what is current', 'a1* b1*', []],
    ['takes noncurrent versions', 'a3* a2 a1 b1*', ['a2', 'a1']],
    ['leaves a marker with a version behind it', 'a2*x a1', ['a1']],
    ['takes a marker with nothing behind it', 'a2*x b1*', ['a2']],
    ['takes a marker with nothing but markers behind it', 'a3*x a2x', ['a2', 'a3']],
    ['takes noncurrent markers, also with versions behind them', 'a3* a2x a1', ['a2', 'a1']],
    ['leaves a marker whose version comes with the next page', 'a2*x | a1 b1*', ['a1']],
    ['leaves a marker whose version comes after a page of markers', 'a9*x | a8x | a7x | a1', ['a8', 'a7', 'a1']],
    ['takes a marker when the next page shows that nothing is behind it', 'a2*x | b1*', ['a2']],
    ['takes a marker at the very end', 'a1* b2*x', ['b2']],
    ['remembers a marker over an empty page', 'a2*x | | a1', ['a1']],
    ['keeps keys apart', 'a2*x b2*x b1 c2*x', ['a2', 'b1', 'c2']],
  ])('%s', (_what, pages, expected) => {
    expect(sieve(pages).toSorted()).toEqual([...expected].toSorted());
  });

  it('never selects a current version, nor a current marker of a key with versions, wherever pages end', () => {
    const versionsOfKey = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(versionsOfKey, { maxLength: 5 }), fc.array(fc.boolean()), (keys, cuts) => {
        const all = keys.flatMap((markers, key) =>
          markers.map((isMarker, index) => `${'abcde'[key]}${index}${index === 0 ? '*' : ''}${isMarker ? 'x' : ''}`),
        );
        const text = all.map((one, index) => `${one} ${cuts[index] === true ? '|' : ''}`).join(' ');
        const expected = keys.flatMap((markers, key) =>
          markers.flatMap((isMarker, index) => {
            const isTaken = index > 0 || (isMarker && markers.every(Boolean));
            return isTaken ? [`${'abcde'[key]}${index}`] : [];
          }),
        );
        expect(sieve(text).toSorted()).toEqual(expected.toSorted());
      }),
    );
  });

  it('returns the id of a version, and its ETag, which the delete of a version named null needs', () => {
    expect(new VersionSieve().take([version('a2*'), version('a1')], { isLast: true })).toEqual([
      { key: 'a', versionId: '1', sizeBytes: 10, lastModifiedMs: 0, etag: '"e"' },
    ]);
  });
});
