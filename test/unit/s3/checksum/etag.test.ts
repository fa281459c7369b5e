import { describe, expect, it } from 'vitest';
import { strongEtag } from '../../../../src/s3/checksum/etag.ts';

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
