/**
 * Met: `<Key>a&constructor;` was swept as "afunction Object() ...", `<Key>q/b<x/>p/a` as "p/a", a second `<Key>` won over the
 * first, and bytes that are not UTF-8 became U+FFFD.
 * Cause: the reader of listings guessed where XML or S3 leave nothing to guess.
 * Fix: `readXmlPage` refuses such a page as not from S3.
 */
import { describe, expect, it } from 'vitest';
import { entryOf, KEYED_LISTINGS, pageOf, runListing } from '../support/listings.ts';

const NOT_S3 = { code: 'unavailable', details: { reason: 'not_s3' } };

describe.each(KEYED_LISTINGS)('a listing of %s', (kind) => {
  it.each([
    ['an unknown entity', 'p/a&constructor;'],
    ['an element', 'q/b<x/>p/a'],
    ['a second key', 'p/a</Key><Key>p/b'],
    ['an empty key', ''],
    ['a key that cannot be decoded', 'p/%FF'],
    ['half of a character', 'p/%ED%A0%BD'],
  ])('is refused for %s', async (_what, key) => {
    const { keys, error } = await runListing(kind, () => pageOf(kind, { keys: ['good', key] }));
    expect(error).toMatchObject(NOT_S3);
    expect(keys).toEqual([]);
  });

  it('is refused for bytes that are not UTF-8', async () => {
    const { error } = await runListing(kind, () => {
      const { body } = pageOf(kind, { keys: ['p/a\u00ff\u00feb'] });
      return { body: Buffer.from(body, 'latin1') };
    });
    expect(error).toMatchObject(NOT_S3);
  });

  it('is refused for entries under another name', async () => {
    const entries = entryOf(kind, 'k').replaceAll(/<(\/?)(\w)/g, '<$1s3:$2');
    const { error } = await runListing(kind, () => pageOf(kind, { entries }));
    expect(error).toMatchObject(NOT_S3);
  });

  it.each([203, 204, 206])('is refused with status %i', async (status) => {
    const { error } = await runListing(kind, () => ({ ...pageOf(kind, {}), status }));
    expect(error).toMatchObject(NOT_S3);
  });
});

it.each([
  ['objects', '<Size>3</Size>', '<Size>3</Size><Size>4</Size>'],
  ['objects', '<Size>3</Size>', '<Size> 3</Size>'],
  ['objects', '<Size>3</Size>', ''],
  ['versions', '<VersionId>v</VersionId>', '<VersionId/>'],
  ['versions', '>false</IsLatest>', '>constructor</IsLatest>'],
  ['uploads', '<UploadId>u</UploadId>', '<UploadId></UploadId>'],
] as const)('%s with %s as %s are refused', async (kind, before, after) => {
  const entries = entryOf(kind, 'k').replace(before, after);
  const { error } = await runListing(kind, () => pageOf(kind, { entries }));
  expect(error).toMatchObject(NOT_S3);
});

it('parts that are not described are sent again', async () => {
  const entries = [
    entryOf('parts', '1'),
    entryOf('parts', '0'),
    entryOf('parts', 'x'),
    entryOf('parts', '10001'),
    entryOf('parts', '2').replace('<Size>3', '<Size>-3'),
  ].join('');
  const { keys, error } = await runListing('parts', () => pageOf('parts', { entries }));
  expect({ keys, error }).toEqual({ keys: ['1'], error: null });
});
