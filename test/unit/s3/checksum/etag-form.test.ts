import { expect, it } from 'vitest';
import { bareEtag } from '../../../../src/s3/checksum/etag.ts';

const MD5 = '0123456789abcdef0123456789abcdef';

it.each([
  [`"${MD5}"`, MD5],
  [MD5, MD5],
  [`W/"${MD5}"`, MD5],
  [`w/${MD5}`, MD5],
  [`"${MD5.toUpperCase()}-12"`, `${MD5}-12`],
  // Only a digest has no case.
  ['"Opaque"', 'Opaque'],
  ['""', ''],
  ['', ''],
])('the normal form of %s is %s', (etag, expected) => {
  expect(bareEtag(etag)).toBe(expected);
});
