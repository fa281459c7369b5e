import { describe, expect, it } from 'vitest';
import { ListingTrust } from '../../../../src/transfer/get/listing-trust.ts';

const LISTED = { key: 'k', etag: '"a"', sizeBytes: 3, lastModifiedMs: null };
const SAME = { etag: 'a', sizeBytes: 3 };
const OTHER_ETAG = { etag: '"b"', sizeBytes: 3 };
const OTHER_SIZE = { etag: '"a"', sizeBytes: 67 };

function identifyAfter(...got: readonly { etag: string; sizeBytes: number }[]) {
  const trust = new ListingTrust();
  for (const one of got) trust.note(LISTED, one);
  return trust.identify(LISTED);
}

describe('ListingTrust', () => {
  it('compares the ETag and the size', () => {
    expect(identifyAfter()).toEqual({ etag: '"a"', sizeBytes: 3 });
  });

  it('stops comparing ETags that never agree', () => {
    expect(identifyAfter(OTHER_ETAG, OTHER_ETAG)).toEqual({ etag: '"a"', sizeBytes: 3 });
    expect(identifyAfter(OTHER_ETAG, OTHER_ETAG, OTHER_ETAG)).toEqual({ etag: null, sizeBytes: 3 });
  });

  it('stops comparing sizes that never agree', () => {
    expect(identifyAfter(OTHER_SIZE, OTHER_SIZE, OTHER_SIZE)).toEqual({ etag: '"a"', sizeBytes: null });
  });

  it('goes on where something has agreed, because objects do change', () => {
    expect(identifyAfter(OTHER_ETAG, OTHER_ETAG, SAME, OTHER_ETAG, OTHER_ETAG)).toMatchObject({ etag: '"a"' });
  });
});
