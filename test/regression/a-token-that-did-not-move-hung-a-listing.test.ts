/**
 * Met: against a store that gave the same continuation token with every page, `get -r`, `put -r` and
 * `sweep --list-concurrency 1` read the same page for ever.
 * Cause: a listing ended only when the store said so.
 * Fix: `PageProgress` looks for pages that repeat, also in longer circles, and for empty pages without end.
 */
import { describe, expect, it } from 'vitest';
import { EMPTY_PAGES_MAX } from '../../src/s3/list/page-progress.ts';
import { KEYED_LISTINGS, LISTINGS, pageOf, runListing, startOf } from '../support/listings.ts';

const STANDS_STILL = { code: 'rejected', details: { reason: 'listing_stands_still' } };

describe.each(KEYED_LISTINGS)('a listing of %s', (kind) => {
  it.each([
    ['the same token', ['1'], 2],
    ['two tokens in turn', ['1', '2'], 4],
    ['five tokens in turn', ['1', '2', '3', '4', '5'], 15],
  ])('ends when the store sends %s', async (_what, tokens, requestsMax) => {
    const { error, requests } = await runListing(kind, (_request, number) => {
      const next = tokens[(number - 1) % tokens.length] ?? '';
      return pageOf(kind, { keys: [`k${number}`], next });
    });
    expect(error).toMatchObject(STANDS_STILL);
    expect(requests.length).toBeLessThanOrEqual(requestsMax);
  });

  it('ends when new tokens lead to the same keys', async () => {
    const { error, requests } = await runListing(kind, (_request, number) =>
      pageOf(kind, { keys: number % 2 === 0 ? ['a', 'b'] : ['c', 'd'], next: `${number}` }),
    );
    expect(error).toMatchObject(STANDS_STILL);
    expect(requests.length).toBeLessThanOrEqual(4);
  });

  it('goes on behind some empty pages', async () => {
    const { keys, error } = await runListing(kind, ({ query }) => {
      const at = Number(startOf(query) ?? 0);
      return pageOf(kind, at === 9 ? { keys: ['k'] } : { next: `${at + 1}` });
    });
    expect({ keys, error }).toEqual({ keys: ['k'], error: null });
  });

  it('ends when a truncated page has an empty token', async () => {
    const { error } = await runListing(kind, () => pageOf(kind, { keys: ['k'], next: '' }));
    expect(error).toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
  });
});

it('ends when new tokens lead to empty pages', async () => {
  const { error, requests } = await runListing('objects', (_request, number) =>
    pageOf('objects', { next: `${number}` }),
  );
  expect(error).toMatchObject(STANDS_STILL);
  expect(requests).toHaveLength(EMPTY_PAGES_MAX);
});

it('a list of parts ends at a marker that does not move, and the other parts are sent again', async () => {
  const { keys, error, requests } = await runListing('parts', () => pageOf('parts', { keys: ['1', '2'], next: '2' }));
  expect({ keys, error }).toEqual({ keys: ['1', '2'], error: null });
  expect(requests).toHaveLength(2);
});

it.each(LISTINGS)('a long listing of %s is read to its end', async (kind) => {
  const { keys, error } = await runListing(kind, ({ query }) => {
    const at = Number(startOf(query) ?? 0);
    return pageOf(kind, { keys: [`${at + 1}`], ...(at < 29 ? { next: `${at + 1}` } : {}) });
  });
  expect(error).toBeNull();
  expect(keys).toHaveLength(30);
});
