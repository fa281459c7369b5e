import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assumeLayouts, guessLayout } from '../../../../src/s3/download/part-layout.ts';
import { Slots } from '../../../../src/guard/slots.ts';
import { responseOf, body, FakeFile, FakePipe, OBJECT, prepare } from '../../../support/fake-download.ts';
import { errorResponse, type FakeResponse, type FakeRequest } from '../../../support/fake-s3.ts';

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const md5 = (bytes: Uint8Array): Buffer => createHash('md5').update(bytes).digest();

function cut(sizes: readonly number[]): readonly Buffer[] {
  const starts = sizes.map((_, index) => sizes.slice(0, index).reduce((sum, size) => sum + size, 0));
  return sizes.map((size, index) => OBJECT.subarray(starts[index], (starts[index] ?? 0) + size));
}

interface Store {
  /** Of all parts, in order. */
  readonly sizes: readonly number[];
  readonly checksum?: 'sha256' | 'none';
  /** The answer to a HEAD of a part instead of the right one; undefined for that. */
  readonly head?: (number: number) => FakeResponse | undefined;
  readonly etag?: string;
  readonly bytes?: typeof OBJECT;
}

/** A store that keeps an object of parts as S3 does. */
function respondWith({ sizes, checksum = 'sha256', head = () => undefined, bytes = OBJECT, ...wishes }: Store) {
  const parts = cut(sizes);
  const etag = wishes.etag ?? `"${md5(Buffer.concat(parts.map(md5))).toString('hex')}-${parts.length}"`;
  const sums = {
    'x-amz-checksum-sha256': `${sha256(Buffer.concat(parts.map(sha256))).toString('base64')}-${parts.length}`,
    'x-amz-checksum-type': 'COMPOSITE',
  };
  return (request: FakeRequest): FakeResponse => {
    if (request.method !== 'HEAD') {
      return responseOf(request, { object: bytes, headers: { etag, ...(checksum === 'none' ? {} : sums) } });
    }
    const number = Number(request.query['partNumber']);
    const length = String(sizes[number - 1]);
    const { versionId } = request.query;
    return (
      head(number) ?? {
        status: 206,
        headers: {
          etag,
          'content-length': length,
          'x-amz-mp-parts-count': `${sizes.length}`,
          ...(typeof versionId === 'string' ? { 'x-amz-version-id': versionId } : {}),
        },
      }
    );
  };
}

const headsOf = (requests: readonly FakeRequest[]) =>
  requests
    .filter(({ method }) => method === 'HEAD')
    .map(({ query }) => Number(query['partNumber']))
    .toSorted((a, b) => a - b);
const whole = { status: 200, headers: { 'content-length': '20' } };
const changed = Buffer.from(OBJECT.toString().replace('g', 'X'));
const pieces = { pieceBytes: 6, piecesInFlight: 3 } as const;

describe('guessLayout', () => {
  it.each([
    ['all alike but the last', { sizeBytes: 20, parts: 3 }, 8, [8, 8], 'likely'],
    ['all alike', { sizeBytes: 20, parts: 4 }, 5, [5, 5, 5], 'likely'],
    ['an empty last part', { sizeBytes: 20, parts: 3 }, 10, [10, 10], 'likely'],
    ['two parts, the second larger', { sizeBytes: 20, parts: 2 }, 5, [5], 'exact'],
  ])('takes %s', (_what, object, firstBytes, partSizes, certainty) => {
    expect(guessLayout(object, firstBytes)).toEqual({ partSizes, certainty });
  });

  it.each([
    ['a last part that would be larger', { sizeBytes: 20, parts: 3 }, 6],
    ['parts that do not fit', { sizeBytes: 20, parts: 3 }, 11],
    ['a part larger than the object', { sizeBytes: 20, parts: 2 }, 21],
  ])('is none for %s', (_what, object, firstBytes) => {
    expect(guessLayout(object, firstBytes)).toBeNull();
  });

  it('finds every layout of equal parts and a shorter last one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 3, max: 50 }), fc.nat(99), (size, parts, last) => {
        fc.pre(last <= size);
        const sizeBytes = size * (parts - 1) + last;
        expect(guessLayout({ sizeBytes, parts }, size)?.partSizes).toEqual(Array(parts - 1).fill(size));
      }),
    );
  });
});

describe('assumeLayouts', () => {
  const MIB = 1024 * 1024;

  it.each([
    ['our own', 17 * MIB + 5, 3, [8 * MIB, 8 * MIB]],
    ['one that fills its last part', 16 * MIB, 2, [8 * MIB]],
    ['another, where ours would be of another number', 17 * MIB + 5, 4, [5 * MIB, 5 * MIB, 5 * MIB]],
    ['a larger one', 100 * MIB, 2, [50 * MIB]],
  ])('takes the usual size that fits the number of parts: %s', (_what, sizeBytes, parts, partSizes) => {
    expect(assumeLayouts({ sizeBytes, parts })[0]).toEqual({ partSizes, certainty: 'assumed' });
  });

  it('is none for a number that fits no usual size', () => {
    expect(assumeLayouts({ sizeBytes: 17 * MIB, parts: 9 })).toEqual([]);
    expect(assumeLayouts({ sizeBytes: 0, parts: 2 })).toEqual([]);
  });
});

describe.each([
  ['a file', () => new FakeFile()],
  ['a pipe', () => new FakePipe()],
])('a download of an object of parts into %s', (_what, open) => {
  it.each([
    ['alike but the last', [8, 8, 4], [1]],
    ['of two sizes', [5, 15], [1]],
    ['that is one', [20], []],
    ['with an empty last one', [10, 10, 0], [1]],
    ['of any sizes', [3, 9, 2, 6], [1, 2, 3]],
  ])('is verified by its composite checksum, with parts %s', async (_parts, sizes, heads) => {
    for (const wishes of [{}, pieces]) {
      const target = open();
      const { run, requests, process } = prepare(respondWith({ sizes }), target, wishes);
      expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'sha256-composite' });
      expect(target.bytes).toEqual(OBJECT);
      expect(headsOf(requests)).toEqual(heads);
      expect(process.verdicts).toEqual(['success']);
    }
  });

  it.each([
    ['alike but the last', [8, 8, 4], 'md5-composite', [1]],
    ['of two sizes', [5, 15], 'md5-composite', [1]],
    ['that is one', [20], 'md5-composite', []],
    // It could prove nothing: it is not worth a request for each part.
    ['of any sizes', [3, 9, 2, 6], null, [1]],
  ])('is checked by the MD5s of its parts %s if it has no checksum', async (_parts, sizes, verifiedBy, heads) => {
    const { run, requests, events } = prepare(respondWith({ sizes, checksum: 'none' }), open());
    expect(await run()).toMatchObject({ bytes: 20, verifiedBy });
    expect(headsOf(requests)).toEqual(heads);
    const told = events.filter(({ kind }) => kind === 'not_verified' || kind === 'warning');
    expect(told).toHaveLength(verifiedBy === null ? 1 : 0);
  });

  it.each([[[5, 15]], [[8, 8, 4]]])(
    'never takes an ETag of several parts of another make for a mismatch, with the parts %j',
    async (sizes) => {
      const etag = `"${'0'.repeat(32)}-${sizes.length}"`;
      const { run, events } = prepare(respondWith({ sizes, checksum: 'none', etag }), open());
      expect(await run()).toMatchObject({ bytes: 20, verifiedBy: null });
      expect(events.findLast(({ kind }) => kind === 'not_verified')).toMatchObject({
        why: expect.stringContaining('ETag'),
      });
      expect(events.filter(({ kind }) => kind === 'warning')).toEqual([]);
    },
  );

  it('takes the ETag of one part for proof, without a further request', async () => {
    const etag = `"${'0'.repeat(32)}-1"`;
    const { run, requests } = prepare(respondWith({ sizes: [20], checksum: 'none', etag }), open());
    await expect(run()).rejects.toMatchObject({ code: 'checksum_mismatch' });
    expect(headsOf(requests)).toEqual([]);
  });

  it('is corrupt if S3 describes more bytes than it has sent', async () => {
    const larger = (): FakeResponse => ({
      status: 200,
      headers: { etag: `"${'0'.repeat(32)}-3"`, 'content-length': '21' },
    });
    const etag = `"${'0'.repeat(32)}-3"`;
    const { run } = prepare(respondWith({ sizes: [8, 8, 4], checksum: 'none', etag, head: larger }), open());
    await expect(run()).rejects.toMatchObject({ code: 'checksum_mismatch' });
  });

  it.each<[string, NonNullable<Store['head']>]>([
    ['ignores the number of the part', () => whole],
    [
      'knows of another number of parts',
      () => ({ ...whole, headers: { ...whole.headers, 'x-amz-mp-parts-count': '4' } }),
    ],
    [
      'ignores the condition, and tells of another version',
      () => ({ status: 206, headers: { etag: '"other-3"', 'content-length': '8', 'x-amz-mp-parts-count': '3' } }),
    ],
    ['does not know the parameter', () => ({ status: 405 })],
    ['forbids it', () => ({ status: 403 })],
    ['has replaced the object meanwhile', () => ({ status: 412 })],
    ['fails whenever it is asked', () => ({ status: 500 })],
  ])('is not verified, and raises no alarm, if the store %s', async (_store, head) => {
    for (const checksum of ['sha256', 'none'] as const) {
      const target = open();
      const { run, events, process } = prepare(respondWith({ sizes: [8, 8, 4], checksum, head }), target, pieces);
      expect(await run()).toMatchObject({ bytes: 20, verifiedBy: null });
      expect(target.bytes).toEqual(OBJECT);
      expect(process.verdicts).toEqual(['success']);
      expect(events).toContainEqual(expect.objectContaining({ kind: 'not_verified', name: 's3://b/k' }));
      expect(events.filter(({ kind }) => kind === 'warning')).toEqual([]);
    }
  });

  it('requests the parts of the version that it fetches, with the retries of every request', async () => {
    let failures = 2;
    const head = (): FakeResponse | undefined => {
      failures -= 1;
      return failures >= 0 ? { status: 503 } : undefined;
    };
    const { run, requests } = prepare(respondWith({ sizes: [8, 8, 4], head }), open(), { ...pieces, versionId: 'v1' });
    expect(await run()).toMatchObject({ verifiedBy: 'sha256-composite' });
    expect(headsOf(requests)).toEqual([1, 1, 1]);
    const asked = requests.find(({ method }) => method === 'HEAD');
    expect(asked?.query).toMatchObject({ versionId: 'v1', partNumber: '1' });
    expect(asked?.headers['if-match']).toMatch(/^"[0-9a-f]{32}-3"$/);
  });

  it('finds a changed byte if the layout is certain, and if it is requested', async () => {
    for (const sizes of [[20], [5, 15], [8, 8, 4], [3, 9, 2, 6]]) {
      for (const wishes of [{}, pieces]) {
        const { run, process } = prepare(respondWith({ sizes, bytes: changed }), open(), wishes);
        await expect(run()).rejects.toMatchObject({ code: 'checksum_mismatch' });
        expect(process.verdicts).toEqual(['failure']);
      }
    }
  });

  it('only warns of bytes that differ if the store does not report all parts', async () => {
    const head = (number: number): FakeResponse | undefined => (number === 1 ? undefined : whole);
    const { run, events } = prepare(respondWith({ sizes: [8, 8, 4], bytes: changed, head }), open(), pieces);
    expect(await run()).toMatchObject({ verifiedBy: null });
    expect(events).toContainEqual(expect.objectContaining({ kind: 'warning', reason: 'not_verified' }));
  });

  it.each([[{}], [pieces], [{ ...pieces, lane: new Slots({ requests: 1, bufferBytes: 100 }).openQueue() }]])(
    'is verified when it begins as a probe, one request at a time, with %j',
    async (wishes) => {
      const { run, circuits, clock, process } = prepare(respondWith({ sizes: [3, 9, 2, 6] }), open(), wishes);
      circuits.open();
      await clock.advance(60_000);
      expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'sha256-composite' });
      expect(circuits.state).not.toBe('open');
      expect(new Set(process.verdicts)).toEqual(new Set(['success']));
    },
  );

  it('requests parts within the slots of its command', async () => {
    const lane = new Slots({ requests: 1, bufferBytes: 100 }).openQueue();
    const { run, kinds } = prepare(respondWith({ sizes: [3, 9, 2, 6] }), open(), { ...pieces, queue: lane });
    await run();
    const steps = kinds().flatMap((kind) => (kind === 'request_started' ? [1] : kind === 'request_ended' ? [-1] : []));
    const inFlight = steps.map((_, index) => steps.slice(0, index + 1).reduce((sum, step) => sum + step, 0));
    expect(Math.max(...inFlight)).toBe(1);
  });

  it('requests no parts for a range', async () => {
    const range = { kind: 'from', first: 0, last: null } as const;
    const { run, requests } = prepare(respondWith({ sizes: [8, 8, 4] }), open(), { range });
    expect(await run()).toMatchObject({ verifiedBy: null });
    expect(headsOf(requests)).toEqual([]);
  });

  it('ends with its error once the requests for parts have ended', async () => {
    const never = Promise.withResolvers<FakeResponse>();
    const respond = respondWith({ sizes: [8, 8, 4] });
    const { run, kinds } = prepare(
      async (request) => {
        if (request.method === 'HEAD') {
          // Slower than everything else of the download.
          const abort = async (): Promise<void> => {
            for (let turns = 0; turns < 100; turns += 1) await new Promise(setImmediate);
            never.reject(new Error('aborted'));
          };
          request.abortSignal?.addEventListener('abort', () => void abort());
          return await never.promise;
        }
        return request.headers['range'] === undefined
          ? { ...respond(request), body: body(OBJECT.subarray(0, 3), { fault: 'ECONNRESET' }) }
          : errorResponse(403, 'AccessDenied');
      },
      open(),
      pieces,
    );
    await expect(run()).rejects.toMatchObject({ code: 'access_denied' });
    await expect(never.promise).rejects.toThrow('aborted');
    for (let turns = 0; turns < 10; turns += 1) await new Promise(setImmediate);
    expect(kinds().at(-1)).toBe('operation_finished');
  });
});

describe('an object whose first part fits equal parts', () => {
  const sizes = [8, 7, 5];

  it('is verified by the MD5s of its parts, too, but not after a pipe took the bytes', async () => {
    for (const [target, verifiedBy, heads] of [
      [new FakeFile(), 'md5-composite', [1, 2]],
      [new FakePipe(), null, [1]],
    ] as const) {
      const { run, requests } = prepare(respondWith({ sizes, checksum: 'none' }), target);
      expect(await run()).toMatchObject({ bytes: 20, verifiedBy });
      expect(headsOf(requests)).toEqual(heads);
      expect(requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
    }
  });

  it('is verified once the exact sizes are known, without a byte fetched twice', async () => {
    const { run, requests } = prepare(respondWith({ sizes }), new FakeFile(), pieces);
    expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'sha256-composite' });
    expect(headsOf(requests)).toEqual([1, 2]);
    expect(requests.filter(({ method }) => method === 'GET')).toHaveLength(4);
  });

  it('is fetched again and verified if a byte changed in transit', async () => {
    const respond = respondWith({ sizes });
    let isChanged = true;
    const file = new FakeFile();
    const { run, events } = prepare(
      (request) => {
        const response = respond(request);
        if (!isChanged || request.headers['range'] !== 'bytes=6-11') return response;
        isChanged = false;
        return { ...response, body: body(Buffer.from('XXXXXX')) };
      },
      file,
      pieces,
    );
    expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'sha256-composite' });
    expect([file.bytes.toString(), file.restarts]).toEqual([OBJECT.toString(), 1]);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'warning', reason: 'corrupted_body' }));
  });
});

it('reports unequal parts after a pipe took the bytes', async () => {
  const { run, events } = prepare(respondWith({ sizes: [8, 7, 5] }), new FakePipe(), pieces);
  expect(await run()).toMatchObject({ bytes: 20, verifiedBy: null });
  expect(events).toContainEqual({ kind: 'not_verified', name: 's3://b/k', why: 'its parts differ in size' });
});

it('holds no more than the first piece of a pipe until the parts are known', async () => {
  const gate = Promise.withResolvers<void>();
  const respond = respondWith({ sizes: [8, 8, 4] });
  const pipe = new FakePipe();
  const { run, requests } = prepare(
    async (request) => {
      if (request.method === 'HEAD') await gate.promise;
      return respond(request);
    },
    pipe,
    pieces,
  );
  const running = run();
  for (let turns = 0; turns < 300; turns += 1) await new Promise(setImmediate);
  expect(pipe.bytes).toEqual(OBJECT.subarray(0, 6));
  expect(requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
  gate.resolve();
  expect(await running).toMatchObject({ verifiedBy: 'sha256-composite' });
  expect(pipe.bytes).toEqual(OBJECT);
});
