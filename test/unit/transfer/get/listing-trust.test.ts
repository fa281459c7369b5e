import { describe, expect, it } from 'vitest';
import { ListingTrust } from '../../../../src/transfer/get/listing-trust.ts';

const AT_MS = Date.parse('2024-01-01T00:00:00.900Z');
const LISTED = { key: 'k', etag: '"a"', sizeBytes: 3, lastModifiedMs: AT_MS };
const SAME = { etag: 'a', sizeBytes: 3, lastModifiedMs: AT_MS - 900 };
const OTHER_ETAG = { ...SAME, etag: '"b"' };
const OTHER_SIZE = { ...SAME, sizeBytes: 67 };
const REPLACED = { ...OTHER_ETAG, lastModifiedMs: AT_MS + 5000 };

function identifyAfter(...got: readonly (typeof SAME)[]) {
  const trust = new ListingTrust();
  for (const one of got) trust.note(LISTED, one);
  return trust.identify(LISTED);
}

describe('ListingTrust', () => {
  it('compares the ETag, the size and the time of storage', () => {
    const agreed = { etag: false, size: false };
    expect(identifyAfter()).toEqual({ etag: '"a"', sizeBytes: 3, lastModifiedMs: AT_MS, agreed });
  });

  it('stops comparing ETags that never agree', () => {
    const rest = { sizeBytes: 3, lastModifiedMs: AT_MS, agreed: { etag: false, size: true } };
    expect(identifyAfter(OTHER_ETAG, OTHER_ETAG)).toEqual({ etag: '"a"', ...rest });
    expect(identifyAfter(OTHER_ETAG, OTHER_ETAG, OTHER_ETAG)).toEqual({ etag: null, ...rest });
  });

  it('stops comparing sizes that never agree', () => {
    expect(identifyAfter(OTHER_SIZE, OTHER_SIZE, OTHER_SIZE)).toMatchObject({ etag: '"a"', sizeBytes: null });
  });

  it('learns nothing from objects that were replaced after the listing', () => {
    expect(identifyAfter(REPLACED, REPLACED, REPLACED)).toMatchObject({ etag: '"a"', agreed: { etag: false } });
  });

  it('goes on where something has agreed, because objects do change', () => {
    expect(identifyAfter(OTHER_ETAG, OTHER_ETAG, SAME, OTHER_ETAG, OTHER_ETAG)).toMatchObject({ etag: '"a"' });
  });
});
