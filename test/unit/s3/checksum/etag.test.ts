import { describe, expect, it } from 'vitest';
import { isDigestEtag, isSameEtag, strongEtag } from '../../../../src/s3/checksum/etag.ts';

describe('strongEtag', () => {
  it.each([['"d41d8cd98f00b204e9800998ecf8427e"'], ['"abc-3"'], ['"a,b"'], ['00000000000000000000000000000000-1']])(
    'is %s, also without quotes',
    (etag) => {
      expect(strongEtag(etag)).toBe(etag);
    },
  );

  it.each([
    ['nothing', null],
    ['a weak ETag', 'W/"abc"'],
    ['a weak ETag in lower case', 'w/"abc"'],
    ['an empty one', '""'],
    ['no text', ''],
    ['what stands for any', '*'],
    ['a header that was sent twice', '"a", "a"'],
    ['a tag with an end of line', '"a\r\nb"'],
  ])('is null for %s', (_what, etag) => {
    expect(strongEtag(etag)).toBeNull();
  });
});

describe('isSameEtag', () => {
  it.each([
    ['"a"', '"a"', true],
    ['"a"', 'a', true],
    ['W/"a"', 'a', true],
    ['"a"', '"b"', false],
    ['', '"b"', true],
    ['""', '"b"', true],
    [null, '"b"', true],
  ])('%s and %s: %s', (one, other, isSame) => {
    expect(isSameEtag(one, other)).toBe(isSame);
    expect(isSameEtag(other, one)).toBe(isSame);
  });
});

describe('isDigestEtag', () => {
  it.each([
    ['"d41d8cd98f00b204e9800998ecf8427e"', true],
    ['W/"D41D8CD98F00B204E9800998ECF8427E-12"', true],
    ['"2a-5e1f"', false],
    ['', false],
  ])('%s: %s', (etag, isDigest) => {
    expect(isDigestEtag(etag)).toBe(isDigest);
  });
});
