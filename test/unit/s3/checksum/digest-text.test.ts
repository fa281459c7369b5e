import { expect, it } from 'vitest';
import { readDigest } from '../../../../src/s3/checksum/digest-text.ts';

type Algorithm = Parameters<typeof readDigest>[0];

const zeros = (bytes: number): string => Buffer.alloc(bytes).toString('base64');

it.each<[Algorithm, number]>([
  ['crc32', 4],
  ['crc32c', 4],
  ['crc64nvme', 8],
  ['sha1', 20],
  ['sha256', 32],
])('reads a %s of %i bytes, and no other length', (algorithm, bytes) => {
  expect(readDigest(algorithm, zeros(bytes))).toBe(zeros(bytes));
  for (const other of [1, 4, 8, 16, 20, 32, 33].filter((length) => length !== bytes)) {
    expect(readDigest(algorithm, zeros(other))).toBeNull();
  }
});

it.each([undefined, null, 7, '', 'zz', 'AAAAAA== ', 'AAAAAA==, AAAAAA==', 'AAAAAA==-1', '00000000', 'AAAA-_=='])(
  'reads nothing from %j',
  (text) => {
    expect(readDigest('crc32', text)).toBeNull();
  },
);

it('brings other forms of the same bytes into one', () => {
  expect(readDigest('crc32', 'AAAAAQ')).toBe('AAAAAQ==');
  expect(readDigest('crc32', 'AAAAAR==')).toBe('AAAAAQ==');
});
