import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BatchDeleter, FINISH_WITHIN_MS } from '../../../../src/s3/delete/delete-batch.ts';
import type { DeleteTarget } from '../../../../src/s3/delete/delete-request.ts';
import { BreakwaterError } from '../../../../src/errors.ts';
import { createFakeGuard } from '../../../support/fake-guard.ts';
import {
  createFakeS3,
  errorAnswer,
  networkFault,
  runWithS3,
  type FakeAnswer,
  type FakeRequest,
} from '../../../support/fake-s3.ts';

const ETAG = '"11111111111111111111111111111111"';

/** One key as it stands in a request. */
interface Asked {
  readonly key: string;
  readonly etag: string | null;
  readonly versionId: string | null;
}

/** What happens to a key; nothing means that it is deleted. */
type Ends = (asked: Asked) => string | null;

function readAsked(body: Buffer): Asked[] {
  const part = (text: string, name: string): string | null => {
    const found = new RegExp(`<${name}>(.*?)</${name}>`).exec(text)?.[1];
    if (found === undefined) return null;
    return found.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  };
  return [...body.toString().matchAll(/<Object>(.*?)<\/Object>/g)].map(([, text = '']) => ({
    key: part(text, 'Key') ?? '',
    etag: part(text, 'ETag'),
    versionId: part(text, 'VersionId'),
  }));
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function deletedAnswer(asked: readonly Asked[], ends: Ends = () => null): FakeAnswer {
  const entries = asked.map((each) => {
    const code = ends(each);
    const version = each.versionId === null ? '' : `<VersionId>${each.versionId}</VersionId>`;
    const name = `<Key>${escape(each.key)}</Key>${version}`;
    return code === null
      ? `<Deleted>${name}</Deleted>`
      : `<Error>${name}<Code>${code}</Code><Message>why</Message></Error>`;
  });
  const body = `<?xml version="1.0"?><DeleteResult>${entries.join('')}</DeleteResult>`;
  return { headers: { 'content-type': 'application/xml' }, body };
}

/** A store that leaves an object alone whose ETag is another. */
const honours: Ends = ({ etag }) => (etag === null || etag === ETAG ? null : 'PreconditionFailed');

type Answer = (asked: readonly Asked[], number: number, request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>;

/**
 * @param answer to the requests after the first one that asks for a key, which tries out the store
 * @param isTried the store has been tried out already, by a key of its own
 */
function prepare(answer: Answer, { isTried = true } = {}) {
  let isTrying = isTried;
  const requests: FakeRequest[] = [];
  const fake = createFakeS3(async (request) => {
    const asked = readAsked(request.body);
    if (isTrying) return deletedAnswer(asked, honours);
    requests.push(request);
    return await answer(asked, requests.length, request);
  });
  const guard = createFakeGuard();
  const deleter = new BatchDeleter(fake.s3, guard.guard);
  const begin = async (...items: (string | DeleteTarget)[]) => {
    if (isTrying) await runWithS3(guard.clock, deleter.deleteBatch({ bucket: 'b', items: [target('trial')] }));
    isTrying = false;
    guard.events.length = 0;
    return deleter.deleteBatch({
      bucket: 'b',
      items: items.map((item) => (typeof item === 'string' ? target(item) : item)),
    });
  };
  return {
    ...guard,
    deleter,
    requests,
    begin,
    run: async (...items: (string | DeleteTarget)[]) => {
      const { deleted, changed, stayed, error } = await runWithS3(guard.clock, begin(...items));
      return {
        deleted: deleted.map(({ key }) => key),
        changed: changed.map(({ key }) => key),
        stayed: stayed.map(({ item, code }) => `${item.key} ${code}`),
        error,
      };
    },
    sent: () => requests.map(({ body }) => readAsked(body).map(({ key }) => key)),
    adapted: () => guard.events.find(({ kind }) => kind === 'deletes_adapted'),
  };
}

function target(key: string, known: Partial<DeleteTarget> = {}): DeleteTarget {
  return { key, versionId: null, etag: ETAG, ...known };
}

const byKey =
  (codes: Readonly<Record<string, string>>): Ends =>
  ({ key }) =>
    codes[key] ?? null;

describe('deleteBatch', () => {
  it.each([
    ['before', [null, 'AccessDenied']],
    ['after', ['AccessDenied', null]],
  ])('believes the error where a key is said to be deleted %s it', async (_what, codes) => {
    const { run } = prepare(([asked]) => {
      const said = [...codes];
      return deletedAnswer(asked === undefined ? [] : [asked, asked], () => said.shift() ?? null);
    });
    expect(await run('a')).toMatchObject({ deleted: [], stayed: ['a AccessDenied'] });
  });

  it('deletes all keys with one request, each held against its ETag', async () => {
    const { run, requests, sent, events } = prepare((asked) => deletedAnswer(asked, honours));
    expect(await run('a', 'b')).toEqual({ deleted: ['a', 'b'], changed: [], stayed: [], error: null });
    expect(sent()).toEqual([['a', 'b']]);
    expect(readAsked(requests[0]!.body).map(({ etag }) => etag)).toEqual([ETAG, ETAG]);
    expect(events.map(({ kind }) => kind)).toEqual([
      'operation_started',
      'request_started',
      'request_ended',
      'operation_finished',
    ]);
  });

  it('leaves alone what was overwritten since', async () => {
    const { run, sent } = prepare((asked) => deletedAnswer(asked, honours));
    const overwritten = target('b', { etag: '"old"' });
    expect(await run('a', overwritten)).toMatchObject({ deleted: ['a'], changed: ['b'], stayed: [] });
    expect(sent()).toHaveLength(1);
  });

  it.each([
    ['NoSuchKey', 'deleted'],
    ['NoSuchVersion', 'deleted'],
    ['PreconditionFailed', 'changed'],
    ['ConditionalRequestConflict', 'changed'],
    ['AccessDenied', 'stayed'],
    ['Whatever', 'stayed'],
  ] as const)('takes %s inside a 200 for %s, and asks no more', async (code, list) => {
    const { run, sent } = prepare((asked) => deletedAnswer(asked, byKey({ b: code })));
    expect(await run('a', 'b')).toMatchObject({ deleted: list === 'deleted' ? ['a', 'b'] : ['a'], error: null });
    expect((await run('b'))[list]).toEqual([list === 'stayed' ? `b ${code}` : 'b']);
    expect(sent()).toHaveLength(2);
  });

  it('sends only the keys again that failed for a moment', async () => {
    const { run, sent, events } = prepare((asked, number) =>
      deletedAnswer(asked, number === 1 ? byKey({ b: 'InternalError', c: 'AccessDenied' }) : undefined),
    );
    expect(await run('a', 'b', 'c', 'd')).toMatchObject({ deleted: ['a', 'd', 'b'], stayed: ['c AccessDenied'] });
    expect(sent()).toEqual([['a', 'b', 'c', 'd'], ['b']]);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'retry_scheduled', retry: 1, delayMs: 1000 }));
  });

  it('names the keys that outlast the retries, each once and with its own reason; that is no failed batch', async () => {
    const { run, sent, events } = prepare((asked) =>
      deletedAnswer(asked, byKey({ a: 'SlowDown', c: 'InternalError', d: 'AccessDenied' })),
    );
    const { deleted, stayed, error } = await run('a', 'b', 'c', 'd');
    expect(deleted).toEqual(['b']);
    expect(stayed.toSorted()).toEqual(['a SlowDown', 'c InternalError', 'd AccessDenied']);
    expect(error).toBeNull();
    expect(sent()).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'c'],
      ['a', 'c'],
      ['a', 'c'],
    ]);
    expect(events.at(-1)).toMatchObject({ kind: 'operation_finished', result: 'success' });
  });

  it('tries a batch again that failed as a whole', async () => {
    const { run, sent } = prepare((asked, number) => {
      if (number === 1) throw networkFault('ECONNRESET');
      return deletedAnswer(asked);
    });
    expect(await run('a', 'b')).toMatchObject({ deleted: ['a', 'b'], error: null });
    expect(sent()).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it.each([
    ['unavailable', () => errorAnswer(503, 'SlowDown'), 'SlowDown', 4],
    ['access_denied', () => errorAnswer(403, 'AccessDenied'), 'AccessDenied', 1],
    ['not_found', () => errorAnswer(404, 'NoSuchBucket'), 'NoSuchBucket', 1],
  ] as const)(
    'says why as %s where no attempt brought an answer, and that every key stayed',
    async (code, answer, s3Code, attempts) => {
      const { run, sent, events } = prepare(answer);
      const { deleted, stayed, error } = await run('a', 'b');
      expect(deleted).toEqual([]);
      expect(stayed).toEqual([`a ${s3Code}`, `b ${s3Code}`]);
      expect(error).toMatchObject({ code, details: { s3Code, attempts } });
      expect(sent()).toHaveLength(attempts);
      expect(events.at(-1)).toMatchObject({ kind: 'operation_finished', result: 'error', code });
    },
  );

  it('counts what is gone when the rest of a batch then fails as a whole', async () => {
    const { run } = prepare((asked, number) =>
      number === 1 ? deletedAnswer(asked, byKey({ b: 'InternalError' })) : errorAnswer(403, 'AccessDenied'),
    );
    expect(await run('a', 'b', 'c')).toMatchObject({
      deleted: ['a', 'c'],
      stayed: ['b AccessDenied'],
      error: { code: 'access_denied' },
    });
  });

  it.each([
    [
      'a page of a proxy',
      () => ({ headers: { 'content-type': 'application/xml' }, body: '<html><b>log in</b></html>' }),
    ],
    ['an answer that leaves a key out', (asked: readonly Asked[]) => deletedAnswer(asked.slice(1))],
    [
      'an answer that tells of one key twice',
      (asked: readonly Asked[]) => deletedAnswer([...asked.slice(1), ...asked.slice(1)]),
    ],
    [
      'an answer about another key',
      (asked: readonly Asked[]) => deletedAnswer([{ ...asked[0]!, key: 'other' }, ...asked.slice(1)]),
    ],
  ])('takes %s for no answer of S3, never for a deletion', async (_what, answer) => {
    const { run } = prepare((asked) => answer(asked));
    expect(await run('a', 'b')).toMatchObject({
      deleted: [],
      error: { code: 'unavailable', details: { reason: 'not_s3' } },
    });
  });

  it('tells versions of one key apart, and holds no ETag against them: they never change', async () => {
    const { run, requests } = prepare((asked) =>
      deletedAnswer(asked, ({ versionId }) => (versionId === 'v2' ? 'AccessDenied' : null)),
    );
    const versions = ['v1', 'v2'].map((versionId) => target('a', { versionId }));
    expect(await run(...versions)).toMatchObject({ deleted: ['a'], stayed: ['a AccessDenied'] });
    expect(readAsked(requests[0]!.body)).toEqual([
      { key: 'a', versionId: 'v1', etag: null },
      { key: 'a', versionId: 'v2', etag: null },
    ]);
  });

  it('deletes keys that no XML can hold by requests of their own', async () => {
    const { run, requests } = prepare((asked, _number, { method }) =>
      method === 'DELETE' ? { status: 204 } : deletedAnswer(asked),
    );
    expect((await run('a', 'b\u0001', 'c\r', 'd & <é>')).deleted.toSorted()).toEqual([
      'a',
      'b\u0001',
      'c\r',
      'd & <é>',
    ]);
    expect(requests.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
      'DELETE /b/b%01',
      'DELETE /b/c%0D',
      'POST /b/',
    ]);
  });
});

describe('what a deletion learns of its store', () => {
  const refusesBatches: Answer = (_asked, _number, { method }) =>
    method === 'POST' ? errorAnswer(501, 'NotImplemented') : { status: 204 };
  const wantsMd5: Answer = (asked, _number, { headers, body }) => {
    const md5 = createHash('md5').update(body).digest('base64');
    return headers['content-md5'] === md5 ? deletedAnswer(asked, honours) : errorAnswer(400, 'InvalidRequest');
  };
  const refusesEtags: Answer = (asked) =>
    asked.some(({ etag }) => etag !== null) ? errorAnswer(400, 'MalformedXML') : deletedAnswer(asked);

  it.each<[string, Answer, object, number]>([
    [
      'honours conditions',
      (asked) => deletedAnswer(asked, honours),
      { form: 'batch', hasMd5: false, condition: 'honoured' },
      2,
    ],
    ['ignores conditions', (asked) => deletedAnswer(asked), { form: 'batch', hasMd5: false, condition: 'ignored' }, 2],
    ['demands Content-MD5', wantsMd5, { form: 'batch', hasMd5: true, condition: 'honoured' }, 3],
    ['refuses ETags', refusesEtags, { form: 'batch', hasMd5: true, condition: 'refused' }, 4],
    ['has no DeleteObjects', refusesBatches, { form: 'single', hasMd5: false, condition: 'ignored' }, 4],
  ])('one that %s is found out by one key, and every key is gone', async (_what, answer, dialect, count) => {
    const { run, requests, adapted } = prepare(answer, { isTried: false });
    expect((await run('a', 'b', 'c')).deleted.toSorted()).toEqual(['a', 'b', 'c']);
    expect(adapted()).toEqual({ kind: 'deletes_adapted', bucket: 'b', ...dialect });
    expect(requests).toHaveLength(count);
    expect(readAsked(requests[0]!.body)).toMatchObject([{ key: 'a' }]);
  });

  it('is learned once, by the first of the batches that begin together', async () => {
    const { deleter, clock, sent } = prepare(wantsMd5, { isTried: false });
    const batches = ['a', 'b', 'c'].map((key) => deleter.deleteBatch({ bucket: 'b', items: [target(key)] }));
    await runWithS3(clock, Promise.all(batches));
    expect(sent().map((keys) => keys.join(''))).toEqual(['a', 'a', 'a', 'b', 'c'].toSorted());
  });

  it('is nothing where the store refuses every way of asking: the batch fails and says why', async () => {
    const { run } = prepare(() => errorAnswer(400, 'InvalidRequest'), { isTried: false });
    expect(await run('a')).toMatchObject({
      deleted: [],
      stayed: ['a InvalidRequest'],
      error: { code: 'rejected', details: { s3Code: 'InvalidRequest' } },
    });
  });

  it.each([
    [409, 'OperationAborted'],
    [403, 'AccessDenied'],
    [416, 'Whatever'],
  ])('leaves no ETag out for the sake of %d %s', async (status, code) => {
    const { run, requests } = prepare(() => errorAnswer(status, code), { isTried: false });
    expect(await run('a')).toMatchObject({ deleted: [], stayed: [`a ${code}`] });
    expect(requests.map(({ body }) => readAsked(body)[0]?.etag === null)).toEqual([false]);
  });

  it('takes a conflict of a condition, one by one, for a store that knows conditions', async () => {
    const { run, adapted } = prepare(
      (_asked, number, { method }) => {
        if (method === 'POST') return errorAnswer(501, 'NotImplemented');
        return number === 2 ? errorAnswer(409, 'ConditionalRequestConflict') : { status: 204 };
      },
      { isTried: false },
    );
    expect(await run('a')).toMatchObject({ deleted: ['a'] });
    expect(adapted()).toMatchObject({ form: 'single', condition: 'honoured' });
  });

  it('is nothing where the key itself is denied: the batch goes on without', async () => {
    const { run, adapted } = prepare((asked) => deletedAnswer(asked, byKey({ a: 'AccessDenied' })), { isTried: false });
    expect(await run('a', 'b')).toMatchObject({ deleted: ['b'], stayed: ['a AccessDenied'] });
    expect(adapted()).toBeUndefined();
  });

  it('does not take it for ignorance of conditions where no ETag is known', async () => {
    const { run, adapted } = prepare((asked) => deletedAnswer(asked, honours), { isTried: false });
    expect(await run(target('a', { etag: null }))).toMatchObject({ deleted: ['a'] });
    expect(adapted()).toMatchObject({ condition: 'untested' });
  });
});

describe('deletes one by one', () => {
  const single = (ends: (path: string, number: number) => FakeAnswer): Answer => {
    let number = 0;
    return (_asked, _number, { method, path }) =>
      method === 'POST' ? errorAnswer(405, 'MethodNotAllowed') : ends(path, (number += 1));
  };

  it.each([
    [() => ({ status: 204 }), 'deleted', 'b'],
    [() => errorAnswer(404, 'NoSuchKey'), 'deleted', 'b'],
    [() => errorAnswer(412, 'PreconditionFailed'), 'changed', 'b'],
    [() => errorAnswer(409, 'ConditionalRequestConflict'), 'changed', 'b'],
    [() => errorAnswer(403, 'AccessDenied'), 'stayed', 'b AccessDenied'],
    [() => errorAnswer(503, 'SlowDown'), 'stayed', 'b SlowDown'],
  ] as const)('take an answer for what it says of its key (%#)', async (answer, list, expected) => {
    const { run } = prepare(
      single((path) => (path === '/b/b' ? answer() : { status: 204 })),
      { isTried: false },
    );
    const outcome = await run('a', 'b', 'c');
    expect(outcome[list]).toContain(expected);
    expect(outcome.error).toBeNull();
    expect([...outcome.deleted, ...outcome.changed, ...outcome.stayed]).toHaveLength(3);
  });

  it('end where an answer is about more than one key', async () => {
    const { run } = prepare(
      single((path) => (path === '/b/b' ? errorAnswer(403, 'ExpiredToken') : { status: 204 })),
      { isTried: false },
    );
    const outcome = await run('a', 'b', 'c');
    expect(outcome.error).toMatchObject({ code: 'access_denied' });
    expect(outcome.stayed).toEqual(['b ExpiredToken']);
  });

  it('carry the ETag as If-Match', async () => {
    const { run, requests } = prepare(
      single(() => ({ status: 204 })),
      { isTried: false },
    );
    await run('a', 'b');
    expect(requests.at(-1)?.headers['if-match']).toBe(ETAG);
  });
});

describe('an interruption', () => {
  const interruption = new BreakwaterError('interrupted', 'SIGTERM', { details: { reason: 'sigterm' } });

  it('lets a request that is on its way come to its answer', async () => {
    const arrived = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const { begin, abort, clock } = prepare(async (asked) => {
      arrived.resolve();
      await gate.promise;
      return deletedAnswer(asked);
    });
    const running = begin('a', 'b');
    await arrived.promise;
    abort.abort(interruption);
    gate.resolve();
    expect(await runWithS3(clock, running)).toMatchObject({ error: null, deleted: [{ key: 'a' }, { key: 'b' }] });
  });

  it('begins no retry: what is left then stays, what is gone is counted', async () => {
    const arrived = Promise.withResolvers<void>();
    const { begin, abort, clock, sent } = prepare((asked) => {
      abort.abort(interruption);
      arrived.resolve();
      return deletedAnswer(asked, byKey({ b: 'InternalError' }));
    });
    const running = begin('a', 'b');
    await arrived.promise;
    expect(await runWithS3(clock, running)).toMatchObject({
      error: { code: 'interrupted' },
      deleted: [{ key: 'a' }],
      stayed: [{ item: { key: 'b' }, code: 'interrupted' }],
    });
    expect(sent()).toHaveLength(1);
  });

  it('leaves what was waiting for its turn untried', async () => {
    const gate = Promise.withResolvers<void>();
    const { begin, deleter, abort, clock, requests } = prepare(async (asked) => {
      await gate.promise;
      return deletedAnswer(asked);
    });
    const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));
    const batches = [begin('k0')];
    while (requests.length < 1) await turn();
    for (const key of ['k1', 'k2', 'k3', 'k4', 'k5']) {
      batches.push(deleter.deleteBatch({ bucket: 'b', items: [target(key)] }));
    }
    while (requests.length < 4) await turn();
    abort.abort(interruption);
    gate.resolve();
    const outcomes = await runWithS3(clock, Promise.all(batches));
    expect(outcomes.map(({ deleted, untried, stayed }) => [deleted.length, untried.length, stayed.length])).toEqual([
      ...Array.from({ length: 4 }, () => [1, 0, 0]),
      [0, 1, 0],
      [0, 1, 0],
    ]);
  });

  it.each([
    ['an interruption', interruption, FINISH_WITHIN_MS],
    ['a deadline', new BreakwaterError('deadline', 'over'), 0],
  ])('after %s a request that gets no answer is not waited for longer than promised', async (_what, reason, waitMs) => {
    const arrived = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<number>();
    const { begin, clock, abort } = prepare(async (_asked, _number, { abortSignal }) => {
      arrived.resolve();
      return await new Promise((_resolve, reject) => {
        abortSignal?.addEventListener('abort', () => {
          aborted.resolve(clock.monotonic());
          reject(abortSignal.reason);
        });
      });
    });
    const running = begin('a');
    await arrived.promise;
    const abortedAtMs = clock.monotonic();
    abort.abort(reason);
    const outcome = await runWithS3(clock, running);
    expect(outcome.error).toMatchObject({ code: reason.code });
    expect((await aborted.promise) - abortedAtMs).toBe(waitMs);
  });
});
