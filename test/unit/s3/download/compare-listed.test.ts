import { describe, expect, it } from 'vitest';
import { compareListed } from '../../../../src/s3/download/compare-listed.ts';
import type { AnsweredIdentity, ListedIdentity } from '../../../../src/s3/download/listed-identity.ts';

const AT_MS = Date.parse('2024-01-01T00:00:00.900Z');
const MD5 = '0123456789abcdef0123456789abcdef';
const OTHER_MD5 = 'fedcba9876543210fedcba9876543210';
const LISTED: ListedIdentity = { etag: `"${MD5}"`, sizeBytes: 3, lastModifiedMs: AT_MS };
const SAME: AnsweredIdentity = { etag: `"${MD5}"`, sizeBytes: 3, lastModifiedMs: AT_MS - 900 };
const LATER_MS = AT_MS + 5000;
const AGREED = { etag: true, size: true };

describe('compareListed', () => {
  it.each<[string, Partial<AnsweredIdentity>, Partial<ListedIdentity>, ReturnType<typeof compareListed>]>([
    ['the listed object', {}, {}, 'listed'],
    ['a time that is rounded up', { lastModifiedMs: AT_MS + 100 }, {}, 'listed'],
    ['another time with the same ETag', { lastModifiedMs: LATER_MS }, {}, 'listed'],
    ['no size', { sizeBytes: null }, {}, 'listed'],
    ['another ETag at the same time', { etag: OTHER_MD5 }, {}, 'other'],
    ['another ETag of parts at the same time', { etag: `${OTHER_MD5}-2` }, {}, 'other'],
    ['another ETag and size at the same time', { etag: 'x', sizeBytes: 4 }, {}, 'other'],
    ['another ETag, stored earlier', { etag: OTHER_MD5, lastModifiedMs: AT_MS - 5000 }, {}, 'other'],
    ['another ETag without a time', { etag: 'x', lastModifiedMs: null }, {}, 'other'],
    ['another ETag, stored later', { etag: OTHER_MD5, sizeBytes: 4, lastModifiedMs: LATER_MS }, {}, 'possible'],
    ['a web page, stored later', { etag: 'x', lastModifiedMs: LATER_MS, isPage: true }, {}, 'other'],
    ['another ETag where none has a time', { etag: 'x', sizeBytes: 4 }, { lastModifiedMs: null }, 'possible'],
    ['an ETag of the gateway', { etag: 'x' }, {}, 'possible'],
    ['an ETag in the form of another store', { etag: 'x' }, { agreed: AGREED }, 'other'],
    ['a size of the store', { sizeBytes: 67 }, {}, 'possible'],
    ['another size where sizes agree', { sizeBytes: 67 }, { agreed: AGREED }, 'other'],
    ['the same size and time, no ETag listed', {}, { etag: null }, 'listed'],
    ['another size, no ETag listed', { sizeBytes: 4 }, { etag: null }, 'other'],
    ['an earlier time, no ETag listed', { lastModifiedMs: AT_MS - 5000 }, { etag: null }, 'other'],
    [
      'another size and a later time, no ETag listed',
      { sizeBytes: 4, lastModifiedMs: LATER_MS },
      { etag: null },
      'possible',
    ],
    ['no time, no ETag listed', { lastModifiedMs: null }, { etag: null }, 'listed'],
    ['an empty ETag', { etag: '""' }, {}, 'listed'],
  ])('%s', (_what, answer, listed, likeness) => {
    expect(compareListed({ ...SAME, ...answer }, { ...LISTED, ...listed })).toBe(likeness);
  });
});
