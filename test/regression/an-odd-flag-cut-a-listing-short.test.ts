/**
 * Met: a store wrote `<IsTruncated>1`, `True`, `<isTruncated>`, or left it out beside a token. `get -r` ended with status
 * 0 after the first page, and a sweep called itself complete.
 * Cause: only `<IsTruncated>true` meant that there is more.
 * Fix: the flag is read in its spellings, a token alone means that there is more, and what is no flag is refused.
 */
import { describe, expect, it } from 'vitest';
import { KEYED_LISTINGS, LISTINGS, pageOf, runListing, startOf } from '../support/listings.ts';

const flag = (text: string): string => `<IsTruncated>${text}</IsTruncated>`;
const NOT_S3 = { code: 'unavailable', details: { reason: 'not_s3' } };

describe.each(LISTINGS)('a listing of %s', (kind) => {
  it.each([
    ['True', flag('True')],
    ['TRUE', flag('TRUE')],
    ['1', flag('1')],
    ['blanks around it', flag('\n true ')],
    ['no flag', ''],
    ['an empty flag', flag('')],
    ['isTruncated', '<isTruncated>true</isTruncated>'],
    ['a prefix', '<s3:IsTruncated>true</s3:IsTruncated>'],
  ])('goes on behind a page with %s', async (_what, written) => {
    const { keys, error } = await runListing(kind, ({ query }) =>
      startOf(query) === null
        ? pageOf(kind, { keys: ['1'], next: '1', flag: written })
        : pageOf(kind, { keys: ['2'], flag: '' }),
    );
    expect({ keys, error }).toEqual({ keys: ['1', '2'], error: null });
  });

  it.each([
    ['is no flag', flag('maybe')],
    ['is none and has elements', flag('true<x/>')],
    ['stands there twice', flag('false') + flag('true')],
  ])('is refused when the flag %s', async (_what, written) => {
    const { error } = await runListing(kind, () => pageOf(kind, { keys: ['1'], flag: written }));
    expect(error).toMatchObject(NOT_S3);
  });
});

it.each(KEYED_LISTINGS)('%s: more without a way there is refused', async (kind) => {
  const { error } = await runListing(kind, () => pageOf(kind, { keys: ['1'], flag: flag('True') }));
  expect(error).toMatchObject(NOT_S3);
});

it('objects: a token means that there is more, whatever the flag says', async () => {
  const { keys } = await runListing('objects', ({ query }) =>
    pageOf('objects', startOf(query) === null ? { keys: ['1'], next: 't', flag: flag('false') } : { keys: ['2'] }),
  );
  expect(keys).toEqual(['1', '2']);
});

it.each(['versions', 'uploads', 'parts'] as const)(
  '%s: a marker beside "false" is the end, as S3 writes it',
  async (kind) => {
    const { requests, error } = await runListing(kind, () =>
      pageOf(kind, { keys: ['1'], next: '1', flag: flag('false') }),
    );
    expect(error).toBeNull();
    expect(requests).toHaveLength(1);
  },
);

it.each([
  ['more than there are', '2'],
  ['fewer than there are', '0'],
  ['no number', 'many'],
])('objects: a page that counts %s is refused', async (_what, count) => {
  const { error } = await runListing('objects', () =>
    pageOf('objects', { keys: ['1'], more: `<KeyCount>${count}</KeyCount>` }),
  );
  expect(error).toMatchObject(NOT_S3);
});

it('objects: a page that counts its keys and groups is read', async () => {
  const { keys } = await runListing('objects', () =>
    pageOf('objects', {
      keys: ['1'],
      more: '<KeyCount>2</KeyCount><CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>',
    }),
  );
  expect(keys).toEqual(['1']);
});

it('objects: the marker of the older listing is not the end', async () => {
  const { error } = await runListing('objects', () =>
    pageOf('objects', { keys: ['1'], flag: '', more: '<NextMarker>1</NextMarker>' }),
  );
  expect(error).toMatchObject(NOT_S3);
});
