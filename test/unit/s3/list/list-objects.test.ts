import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listObjects, type ListedPage } from '../../../../src/s3/list/list-objects.ts';
import { readListedKey } from '../../../../src/s3/list/page-encoding.ts';
import { formatHttpTime, formatTime } from '../../../../src/clock.ts';
import { CommandCircuit } from '../../../../src/guard/command-circuit.ts';
import { CIRCUIT, FakeCircuits } from '../../../support/fake-circuits.ts';
import { createFakeGuard } from '../../../support/fake-guard.ts';
import { createFakeS3, errorResponse, runWithS3, type FakeResponse, type Respond } from '../../../support/fake-s3.ts';

const STORE_NOW_MS = 1_700_000_000_000;
const ENTRY = `<Contents><Key>a</Key><LastModified>${formatTime(STORE_NOW_MS)}</LastModified><Size>3</Size></Contents>`;

function listingResponse(inner: string, headers: Record<string, string> = {}): FakeResponse {
  const body = `<?xml version="1.0"?><ListBucketResult>${inner}</ListBucketResult>`;
  return { headers: { 'content-type': 'application/xml', ...headers }, body };
}

function pageResponse(keys: readonly string[], nextToken: string | null = null): FakeResponse {
  const contents = keys.map((key) => ENTRY.replace('<Key>a<', `<Key>${encodeURIComponent(key)}<`)).join('');
  const more =
    nextToken === null
      ? '<IsTruncated>false</IsTruncated>'
      : `<IsTruncated>true</IsTruncated><NextContinuationToken>${nextToken}</NextContinuationToken>`;
  return listingResponse(`<Name>b</Name><EncodingType>url</EncodingType>${more}${contents}`, {
    date: formatHttpTime(STORE_NOW_MS),
  });
}

function prepare(respond: Respond, circuit: string | null = CIRCUIT) {
  const fake = createFakeS3(respond);
  const guard = createFakeGuard();
  const circuits = new FakeCircuits(guard.clock);
  const process = circuits.startProcess();
  const pages: ListedPage[] = [];
  const list = async (): Promise<void> => {
    const around = { ...guard.guard, circuit: circuit === null ? null : new CommandCircuit(process.gate, circuit) };
    for await (const page of listObjects(fake.s3, around, { bucket: 'b', prefix: 'p/' })) pages.push(page);
  };
  return { ...fake, ...guard, process, pages, run: async () => await runWithS3(guard.clock, list()) };
}

const keysOf = (pages: readonly ListedPage[]): string[] =>
  pages.flatMap(({ objects }) => objects.map(({ key }) => key));

describe('listObjects', () => {
  it('follows the continuation to the last page', async () => {
    const { run, pages, requests } = prepare((_request, number) =>
      pageResponse([`k${number}`], number < 3 ? `token-${number}` : null),
    );
    await run();
    expect(keysOf(pages)).toEqual(['k1', 'k2', 'k3']);
    expect(requests.map(({ query }) => query['continuation-token'])).toEqual([undefined, 'token-1', 'token-2']);
    expect(requests[0]?.query).toMatchObject({ 'list-type': '2', prefix: 'p/', 'encoding-type': 'url' });
  });

  it('asks for the next page only when it is wanted', async () => {
    const { s3, guard, clock, requests } = prepare(() => pageResponse(['a'], 'more'));
    const iterator = listObjects(s3, guard, { bucket: 'b', prefix: '' });
    await runWithS3(clock, iterator.next());
    await iterator.return(undefined);
    expect(requests).toHaveLength(1);
  });

  it('tells of each object what the listing says', async () => {
    const { run, pages } = prepare(() => pageResponse(['a b/ü+%.txt']));
    await run();
    expect(pages).toEqual([
      {
        objects: [{ key: 'a b/ü+%.txt', sizeBytes: 3, lastModifiedMs: STORE_NOW_MS, etag: null }],
        storeNowMs: STORE_NOW_MS,
        isLast: true,
      },
    ]);
  });

  it.each([
    ['sends no date', {}],
    ['sends one that is none', { date: 'yesterday' }],
  ])('knows no time of a store that %s', async (_what, headers) => {
    const { run, pages } = prepare(() => listingResponse('<Name>b</Name><KeyCount>0</KeyCount>', headers));
    await run();
    expect(pages).toEqual([{ objects: [], storeNowMs: null, isLast: true }]);
  });

  it('leaves keys alone that the store did not encode', async () => {
    const { run, pages } = prepare(() => listingResponse(`<Name>b</Name>${ENTRY.replace('>a<', '>a%20b+c<')}`));
    await run();
    expect(keysOf(pages)).toEqual(['a%20b+c']);
  });

  it.each([
    ['a page of a proxy', '<Title>please log in</Title>'],
    ['a truncated page without a way to continue', '<Name>b</Name><IsTruncated>true</IsTruncated>'],
    ['an object without a time', '<Name>b</Name><Contents><Key>a</Key></Contents>'],
    ['an object with a time without a zone', `<Name>b</Name>${ENTRY.replace('Z</LastModified>', '</LastModified>')}`],
    ['an object with a size that is none', `<Name>b</Name>${ENTRY.replace('<Size>3<', '<Size>big<')}`],
    ['an object without a key', `<Name>b</Name>${ENTRY.replace('<Key>a</Key>', '')}`],
    [
      'a key that cannot be decoded',
      `<Name>b</Name><EncodingType>url</EncodingType>${ENTRY.replace('>a<', '>%E0%A4<')}`,
    ],
  ])('takes %s for no answer of S3, never for an empty listing', async (_what, inner) => {
    const { run, pages, requests } = prepare(() => listingResponse(inner));
    await expect(run()).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'not_s3', attempts: 4 } });
    expect(pages).toEqual([]);
    expect(requests).toHaveLength(4);
  });

  it('tries one page again without losing or repeating others', async () => {
    const { run, pages, events } = prepare((request, number) => {
      if (number === 2) return errorResponse(503, 'SlowDown');
      return request.query['continuation-token'] === undefined ? pageResponse(['a'], 't') : pageResponse(['b']);
    });
    await run();
    expect(keysOf(pages)).toEqual(['a', 'b']);
    expect(events.filter(({ kind }) => kind === 'operation_finished')).toHaveLength(2);
  });

  it.each([
    ['asks a circuit once per page', CIRCUIT, 2],
    ['of a sweep asks none', null, 0],
  ])('%s', async (_what, circuit, admissions) => {
    const { run, process } = prepare(
      (_request, number) => pageResponse([`k${number}`], number < 2 ? 't' : null),
      circuit,
    );
    await run();
    expect(process.admissions).toBe(admissions);
    expect(process.verdicts).toHaveLength(admissions);
  });
});

describe('readListedKey', () => {
  it('reads every key that was percent-encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (key) => {
        fc.pre(key.isWellFormed());
        expect(readListedKey(encodeURIComponent(key), 'url')).toBe(key);
      }),
    );
  });

  it('decodes the plus of AWS as a space', () => {
    expect(readListedKey('a+b%2Bc%20d', 'url')).toBe('a b+c d');
  });
});
