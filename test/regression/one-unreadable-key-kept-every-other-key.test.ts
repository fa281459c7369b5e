/**
 * Met: `sweep --keys-from` with an age deleted nothing because of one key whose HEAD the store refused: encrypted with the
 *   customer's key (400), protected by a policy (403), or failing at every attempt (500). The message did not name it.
 * Cause: the first failure of a look ended the look at all keys.
 * Fix: such a key counts as left, with its name and the store's code. What concerns every key (credentials, the bucket, an
 *   outage) still ends the sweep.
 */
import { expect, it } from 'vitest';
import { formatHttpTime } from '../../src/clock.ts';
import { statKeys } from '../../src/s3/list/stat-keys.ts';
import { selectItems } from '../../src/sweep/select/select-items.ts';
import { sweep } from '../../src/sweep/sweep.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { createFakeS3, errorResponse, runWithS3, type FakeResponse } from '../support/fake-s3.ts';
import { prepare, REQUEST } from '../support/fake-sweep.ts';
import { sweepItem } from '../support/sweep-pages.ts';

/** After S3 began. */
const DAY_ONE_MS = Date.parse('2020-01-01T00:00:00Z');
const OLD = { etag: '"e"', 'content-length': '1', 'last-modified': formatHttpTime(DAY_ONE_MS) };
const UNKNOWN = { sizeBytes: null, lastModifiedMs: null, etag: null };

it.each<[string, FakeResponse, FakeResponse, string]>([
  ["the customer's key", { status: 400 }, errorResponse(400, 'InvalidRequest'), 'InvalidRequest'],
  ['a policy', { status: 403 }, errorResponse(403, 'AccessDenied'), 'AccessDenied'],
  ['a fault of the store', { status: 500 }, errorResponse(500, 'InternalError'), 'http_500'],
])('%s keeps one key, which is named', async (_what, head, get, code) => {
  const { guard, clock } = createFakeGuard();
  const { s3 } = createFakeS3(({ method, path }) => {
    if (path !== '/b/logs/b') return { headers: OLD };
    return method === 'HEAD' ? head : get;
  });
  const { store, left, context } = prepare();
  const pages = selectItems(
    {
      ...REQUEST,
      olderThanMs: 1000,
      source: {
        kind: 'named',
        open: async function* open() {
          yield await Promise.resolve(['a', 'b', 'c'].map((name) => sweepItem(`logs/${name}`, UNKNOWN)));
        },
      },
    },
    {
      ageClock: () => DAY_ONE_MS + 10_000,
      store: {
        list: (request) => store.list(request),
        listVersions: (request) => store.listVersions(request),
        statKeys: async (request) => await statKeys(s3, guard, request),
      },
    },
  );
  const { tally, ending } = await runWithS3(clock, sweep(pages, REQUEST, context));
  expect(ending.kind).toBe('complete');
  expect(store.batches.flat()).toEqual(['logs/a', 'logs/c']);
  expect(tally).toMatchObject({ matched: 3, deleted: 2, failed: 1 });
  expect(left).toMatchObject([{ key: 'logs/b', code }]);
});
