import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listObjects } from '../../../../src/s3/list/list-objects.ts';
import type { KeyedPage } from '../../../../src/sweep/listing/key-ranges.ts';
import { listInParallel, type OpenListing } from '../../../../src/sweep/listing/parallel-listing.ts';
import { createSplitter, type Splitter } from '../../../../src/sweep/listing/split-key.ts';
import type { KeySpan } from '../../../../src/sweep/sweep-item.ts';
import { createFakeGuard } from '../../../support/fake-guard.ts';
import {
  createFakeS3,
  errorResponse,
  networkFault,
  runWithS3,
  type FakeResponse,
  type FakeRequest,
} from '../../../support/fake-s3.ts';
import { KEY_SETS, keySet, sortKeys } from '../../../support/key-sets.ts';

type Page = KeyedPage<{ readonly key: string }>;

interface Store {
  readonly keys: readonly string[];
  readonly pageSize: number;
  /** Called before each page is given. */
  readonly beforePage?: () => Promise<void>;
  readonly ignoresStartAfter?: boolean;
}

/** Lists as S3 does; a page of nothing that is not the last comes now and then, as it does there. */
function openStore({ keys, pageSize, beforePage, ignoresStartAfter = false }: Store) {
  const calls = { requests: 0, open: 0, openMost: 0, startAfters: [] as (string | null)[] };
  const open: OpenListing<Page> = async function* listFrom(startAfter) {
    calls.startAfters.push(startAfter);
    calls.open += 1;
    calls.openMost = Math.max(calls.openMost, calls.open);
    try {
      const from = startAfter === null || ignoresStartAfter ? 0 : keys.findIndex((key) => isAfter(key, startAfter));
      const rest = from === -1 ? [] : keys.slice(from);
      for (let start = 0; start === 0 || start < rest.length; start += pageSize) {
        calls.requests += 1;
        await beforePage?.();
        if (calls.requests % 7 === 0) yield { entries: [], isLast: false };
        const entries = rest.slice(start, start + pageSize).map((key) => ({ key }));
        yield { entries, isLast: start + pageSize >= rest.length };
      }
    } finally {
      calls.open -= 1;
    }
  };
  return { open, calls };
}

function isAfter(key: string, other: string): boolean {
  return Buffer.compare(Buffer.from(key), Buffer.from(other)) > 0;
}

function isWithin(key: string, { after, through }: KeySpan): boolean {
  return (after === null || isAfter(key, after)) && (through === null || !isAfter(key, through));
}

/** Cuts wherever the dice say: at a key that is there, between two, or where no cut may be. */
function diceSplitter(keys: readonly string[], dice: readonly number[]): Splitter {
  let thrown = 0;
  const next = (): number => dice[thrown++ % dice.length] ?? 0;
  return {
    learn: () => undefined,
    choose: ({ position, end }) => {
      const between = keys.filter((key) => isAfter(key, position) && (end === null || isAfter(end, key)));
      const any = between[next() % Math.max(1, between.length)] ?? position;
      return [
        null,
        any,
        `${any}!`,
        `${position}\u0001`,
        keys[next() % Math.max(1, keys.length)] ?? '',
        end ?? '\u{d800}',
      ][next() % 6] as string | null;
    },
  };
}

/** Enough for the worst run of faults; how many are allowed is another's subject. */
const RETRIES = { retries: 60, baseMs: 1, jitter: 'none' } as const;

function responseListing(query: FakeRequest['query'], { keys, pageSize }: Store): FakeResponse {
  const token = query['continuation-token'] ?? query['start-after'];
  const after = typeof token !== 'string' ? null : token.startsWith('hex-') ? decodeText(token) : token;
  const rest = after === null ? keys : keys.filter((key) => isAfter(key, after));
  const entries = rest
    .slice(0, pageSize)
    .map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key>${FIELDS}</Contents>`);
  const isTruncated = rest.length > pageSize;
  const next = `<NextContinuationToken>${encodeText(rest[pageSize - 1] ?? '')}</NextContinuationToken>`;
  return {
    body: `<ListBucketResult><Name>b</Name><EncodingType>url</EncodingType><IsTruncated>${isTruncated}</IsTruncated>${
      isTruncated ? next : ''
    }${entries.join('')}</ListBucketResult>`,
  };
}

const FIELDS = '<LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size>';

/** As hexadecimal, which no XML changes. */
function encodeText(text: string): string {
  return `hex-${Buffer.from(text).toString('hex')}`;
}

function decodeText(token: string): string {
  return Buffer.from(token.slice(4), 'hex').toString();
}

async function listAll(open: OpenListing<Page>, splitter: Splitter, rangesMax = 4): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { entries } of listInParallel(open, { prefix: '', rangesMax, splitter })) {
    found.push(...entries.map(({ key }) => key));
  }
  return found;
}

describe('listInParallel', () => {
  it('gives each key once, whatever the keys, the cuts and the order in which pages come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          keys: keySet,
          pageSize: fc.integer({ min: 1, max: 9 }),
          rangesMax: fc.integer({ min: 1, max: 6 }),
          dice: fc.array(fc.nat(), { minLength: 1, maxLength: 60 }),
          isLearning: fc.boolean(),
          ignoresStartAfter: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
        }),
        fc.scheduler(),
        async ({ keys: unsorted, pageSize, rangesMax, dice, isLearning, ignoresStartAfter }, scheduler) => {
          const keys = sortKeys(unsorted);
          const beforePage = async (): Promise<void> => await scheduler.schedule(Promise.resolve());
          const { open } = openStore({ keys, pageSize, beforePage, ignoresStartAfter });
          const splitter = isLearning ? createSplitter() : diceSplitter(keys, dice);
          const found = await scheduler.waitFor(listAll(open, splitter, rangesMax));
          expect(found.length).toBe(keys.length);
          expect(sortKeys(found)).toEqual(keys);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('settles what its pages say: all keys of a span have come by then', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          keys: keySet,
          pageSize: fc.integer({ min: 1, max: 9 }),
          dice: fc.array(fc.nat(), { minLength: 1 }),
        }),
        fc.scheduler(),
        async ({ keys: unsorted, pageSize, dice }, scheduler) => {
          const keys = sortKeys(unsorted);
          const beforePage = async (): Promise<void> => await scheduler.schedule(Promise.resolve());
          const { open } = openStore({ keys, pageSize, beforePage });
          const found = new Set<string>();
          const spans: KeySpan[] = [];
          const list = async (): Promise<void> => {
            const options = { prefix: '', rangesMax: 4, splitter: diceSplitter(keys, dice) };
            for await (const { entries, span } of listInParallel(open, options)) {
              for (const { key } of entries) found.add(key);
              if (span === null) continue;
              spans.push(span);
              expect(keys.filter((key) => isWithin(key, span) && !found.has(key))).toEqual([]);
            }
          };
          await scheduler.waitFor(list());
          expect(keys.every((key) => spans.some((span) => isWithin(key, span)))).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('gives each key once through the client, across faults and retries of pages', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ keys: keySet, pageSize: fc.integer({ min: 1, max: 9 }), faults: fc.array(fc.nat({ max: 9 })) }),
        async ({ keys: unsorted, pageSize, faults }) => {
          const keys = sortKeys(unsorted);
          const { clock, guard } = createFakeGuard();
          const { s3 } = createFakeS3((request, number) => {
            const fault = faults[number % (faults.length + 1)] ?? 0;
            if (fault === 1) return errorResponse(503, 'SlowDown');
            if (fault === 2) throw networkFault('ECONNRESET');
            if (fault === 3) return { body: '<html>please log in</html>' };
            return responseListing(request.query, { keys, pageSize });
          });
          const open = async function* open(startAfter: string | null): AsyncGenerator<Page> {
            const request = { bucket: 'b', prefix: '', startAfter };
            const patient = { ...guard, settings: { ...guard.settings, retry: RETRIES } };
            for await (const page of listObjects(s3, patient, request)) yield { ...page, entries: page.objects };
          };
          const found = await runWithS3(clock, listAll(open, createSplitter()));
          expect(found.length).toBe(keys.length);
          expect(sortKeys(found)).toEqual(keys);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('ends all listings when one fails after its retries, with its error', async () => {
    const keys = sortKeys(Array.from({ length: 500 }, (_, index) => `key-${String(index).padStart(4, '0')}`));
    let pages = 0;
    const failure = new Error('down');
    const { open, calls } = openStore({
      keys,
      pageSize: 5,
      beforePage: async () => await ((pages += 1) === 20 ? Promise.reject(failure) : Promise.resolve()),
    });
    await expect(listAll(open, createSplitter())).rejects.toBe(failure);
    expect(calls.open).toBe(0);
  });

  it('ends all listings when the taker has had enough', async () => {
    const keys = sortKeys(Array.from({ length: 500 }, (_, index) => `key-${String(index).padStart(4, '0')}`));
    const { open, calls } = openStore({ keys, pageSize: 5 });
    let taken = 0;
    for await (const _page of listInParallel(open, { prefix: '', rangesMax: 4, splitter: createSplitter() })) {
      if ((taken += 1) === 10) break;
    }
    expect(calls.openMost).toBeGreaterThan(1);
    await Promise.resolve();
    expect(calls.open).toBe(0);
  });

  it('asks once where one page holds everything', async () => {
    const { open, calls } = openStore({ keys: ['a', 'b'], pageSize: 2 });
    expect(await listAll(open, createSplitter(), 8)).toEqual(['a', 'b']);
    expect(calls.requests).toBe(1);
  });

  it('goes on with one stream where the store ignores from where to list', async () => {
    const keys = sortKeys(Array.from({ length: 500 }, (_, index) => `key-${String(index).padStart(4, '0')}`));
    const { open, calls } = openStore({ keys, pageSize: 5, ignoresStartAfter: true });
    expect(await listAll(open, createSplitter(), 8)).toHaveLength(500);
    // A hundred pages, and one for each cut that was under way when the first was found out.
    expect(calls.requests).toBeLessThan(110);
  });

  it.each([
    ['refuses a store without order once the listing is split', 4, 'rejected'],
    ['lists a store without order in one stream', 1, null],
  ])('%s', async (_what, rangesMax, code) => {
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'B', 'A', 'g', 'h'];
    const { open } = openStore({ keys, pageSize: 2 });
    const listing = listAll(open, createSplitter(), rangesMax);
    if (code === null) expect(await listing).toHaveLength(keys.length);
    else await expect(listing).rejects.toMatchObject({ code, details: { reason: 'listing_not_in_order' } });
  });

  it('takes the order of UTF-16, by which some stores go, for an order', async () => {
    const keys = ['a', '\u{d7ff}', '😀', '\u{e000}', '\u{ffff}'];
    const { open } = openStore({ keys, pageSize: 1 });
    expect(await listAll(open, createSplitter())).toHaveLength(keys.length);
  });

  // 200 pages each: 25 rounds would be ideal with 8 listings.
  it.each([
    ['one flat prefix of numbers', 45],
    ['numbers without padding', 45],
    ['hashes', 45],
    ['deep trees', 45],
    ['a common prefix of 900 bytes', 45],
    ['control characters', 100],
  ] as const)('lists %s at several places at once', async (name, roundsMost) => {
    const keys = sortKeys(fc.sample(KEY_SETS[name], { numRuns: 4000, seed: 42 }));
    const rounds = new Rounds();
    const pageSize = Math.ceil(keys.length / 200);
    const { open, calls } = openStore({ keys, pageSize, beforePage: async () => await rounds.wait() });
    expect(await rounds.run(listAll(open, createSplitter(), 8))).toHaveLength(keys.length);
    expect(rounds.count).toBeLessThan(roundsMost);
    expect(calls.requests).toBeLessThan(260);
  });
});

/** Answers all requests that wait in one round, one round after the other: what a wall clock would show. */
class Rounds {
  count = 0;
  readonly #waiting: (() => void)[] = [];

  async wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  async run<T>(promise: Promise<T>): Promise<T> {
    const run = { isDone: false };
    const settle = (): void => {
      run.isDone = true;
    };
    promise.then(settle, settle);
    while (!run.isDone) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      const turn = this.#waiting.splice(0);
      this.count += turn.length > 0 ? 1 : 0;
      for (const response of turn) response();
    }
    return await promise;
  }
}
