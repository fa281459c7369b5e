/**
 * Met: `--abort-uploads` against Ceph 16 aborted no upload whose key has a blank, a plus, a percent sign or an umlaut, and
 * called them all aborted.
 * Cause: Ceph encodes the keys of uploads when asked, without `<EncodingType>`, so the encoded text was taken for the key.
 * Fix: a page that does not say how its keys are written, and has keys with two readings, is asked for again without
 * encoding, as is the rest of the listing.
 */
import { describe, expect, it } from 'vitest';
import { KEYED_LISTINGS, pageOf, runListing, startOf } from '../support/listings.ts';
import type { FakeRequest } from '../support/fake-s3.ts';

const KEYS = ['plain', 'sp ace', 'a+b', 'a%b', 'ü', '100%25'];

const isEncoded = ({ query }: FakeRequest): boolean => query['encoding-type'] === 'url';

describe.each(KEYED_LISTINGS)('a listing of %s', (kind) => {
  it('has the names of keys that are encoded without saying so', async () => {
    const { keys, error, requests } = await runListing(kind, (request) =>
      pageOf(kind, { keys: isEncoded(request) ? KEYS.map(encodeURIComponent) : KEYS, more: '' }),
    );
    expect(error).toBeNull();
    expect(keys.toSorted()).toEqual(KEYS.toSorted());
    expect(requests).toHaveLength(2);
  });

  it('has the names of keys that are never encoded', async () => {
    const { keys, requests } = await runListing(kind, () => pageOf(kind, { keys: KEYS, more: '' }));
    expect(keys.toSorted()).toEqual(KEYS.toSorted());
    expect(requests).toHaveLength(2);
  });

  it('sends no more requests than pages when keys have one reading', async () => {
    const { keys, requests } = await runListing(kind, () => pageOf(kind, { keys: ['a', 'ü b%'], more: '' }));
    expect(keys).toEqual(['a', 'ü b%']);
    expect(requests).toHaveLength(1);
  });

  it('asks for the rest without encoding', async () => {
    const { keys, requests } = await runListing(kind, (request) => {
      const isFirst = startOf(request.query) === null;
      const key = isFirst ? 'a b' : 'c d';
      const name = isEncoded(request) ? encodeURIComponent(key) : key;
      return pageOf(kind, { keys: [name], more: '', ...(isFirst ? { next: 'a b' } : {}) });
    });
    expect(keys).toEqual(['a b', 'c d']);
    expect(requests.map(({ query }) => query['encoding-type'])).toEqual(['url', undefined, undefined]);
  });

  it('is refused when it is in another encoding', async () => {
    const { error } = await runListing(kind, () => pageOf(kind, { more: '<EncodingType>base64</EncodingType>' }));
    expect(error).toMatchObject({ details: { reason: 'not_s3' } });
  });
});

describe.each(['versions', 'uploads'] as const)('the marker of %s', (kind) => {
  it.each([
    ['encoded', 'a%2Bb', 'a%2Bb', 'a+b'],
    ['plain', 'a%2Bb', 'a+b', 'a+b'],
    ['plain, and cannot be decoded', '100%25', '100%', '100%'],
    ['plain, and can be decoded', '100%2525', '100%25', '100%25'],
    ['encoded, and names no key of the page', 'a', 'b%20c', 'b c'],
  ])('leads to the key behind it when it is %s', async (_what, key, marker, start) => {
    const { requests } = await runListing(kind, ({ query }) =>
      pageOf(kind, startOf(query) === null ? { keys: [key], next: marker } : { keys: ['z'] }),
    );
    expect(requests.map(({ query }) => startOf(query))).toEqual([null, start]);
  });
});
