import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FINISH_WITHIN_MS } from '../../../../src/s3/delete/delete-batch.ts';
import { BreakwaterError } from '../../../../src/errors.ts';
import {
  byKey,
  deletedResponse,
  ETAG,
  honours,
  prepare,
  readAsked,
  target,
  type Response,
  type Asked,
} from '../../../support/fake-deletes.ts';
import { errorResponse, networkFault, runWithS3, type FakeResponse } from '../../../support/fake-s3.ts';

describe('deleteBatch', () => {
  it.each([
    ['before', [null, 'AccessDenied']],
    ['after', ['AccessDenied', null]],
  ])('believes the error where a key is said to be deleted %s it', async (_what, codes) => {
    const { run } = prepare(([asked]) => {
      const said = [...codes];
      return deletedResponse(asked === undefined ? [] : [asked, asked], () => said.shift() ?? null);
    });
    expect(await run('a')).toMatchObject({ deleted: [], stayed: ['a AccessDenied'] });
  });

  it('deletes all keys with one request, each held against its ETag', async () => {
    const { run, requests, sent, events } = prepare((asked) => deletedResponse(asked, honours));
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
    const { run, sent } = prepare((asked) => deletedResponse(asked, honours));
    const overwritten = target('b', { etag: '"old"' });
    expect(await run('a', overwritten)).toMatchObject({ deleted: ['a'], changed: ['b'], stayed: [] });
    expect(sent()).toHaveLength(1);
  });

  it.each([
    ['PreconditionFailed', 'changed'],
    ['ConditionalRequestConflict', 'changed'],
    ['AccessDenied', 'stayed'],
    ['Whatever', 'stayed'],
  ] as const)('takes %s inside a 200 for %s, and asks no more', async (code, list) => {
    const { run, sent } = prepare((asked) => deletedResponse(asked, byKey({ b: code })));
    expect(await run('a', 'b')).toMatchObject({ deleted: ['a'], error: null });
    expect((await run('b'))[list]).toEqual([list === 'stayed' ? `b ${code}` : 'b']);
    expect(sent()).toHaveLength(2);
  });

  it.each(['NoSuchKey', 'NoSuchVersion'])('takes %s inside a 200 for deleted when a look confirms it', async (code) => {
    const { run, sent } = prepare((asked, _number, { method }) => {
      if (method === 'HEAD') return { status: 404 };
      return method === 'GET' ? errorResponse(404, code) : deletedResponse(asked, byKey({ b: code }));
    });
    expect((await run('a', 'b')).deleted.toSorted()).toEqual(['a', 'b']);
    expect(sent().filter((keys) => keys.length > 0)).toHaveLength(1);
  });

  it('sends only the keys again that failed for a moment', async () => {
    const { run, sent, events } = prepare((asked, number) =>
      deletedResponse(asked, number === 1 ? byKey({ b: 'InternalError', c: 'AccessDenied' }) : undefined),
    );
    expect(await run('a', 'b', 'c', 'd')).toMatchObject({ deleted: ['a', 'd', 'b'], stayed: ['c AccessDenied'] });
    expect(sent()).toEqual([['a', 'b', 'c', 'd'], ['b']]);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'retry_scheduled', retry: 1, delayMs: 1000 }));
  });

  it('names the keys that outlast the retries, each once and with its own reason; that is no failed batch', async () => {
    const { run, sent, events } = prepare((asked) =>
      deletedResponse(asked, byKey({ a: 'SlowDown', c: 'InternalError', d: 'AccessDenied' })),
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
      return deletedResponse(asked);
    });
    expect(await run('a', 'b')).toMatchObject({ deleted: ['a', 'b'], error: null });
    expect(sent()).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it.each([
    ['unavailable', () => errorResponse(503, 'SlowDown'), 'SlowDown', 4],
    ['access_denied', () => errorResponse(403, 'AccessDenied'), 'AccessDenied', 1],
    ['not_found', () => errorResponse(404, 'NoSuchBucket'), 'NoSuchBucket', 1],
  ] as const)(
    'says why as %s where no attempt brought an answer, and that every key stayed',
    async (code, response, s3Code, attempts) => {
      const { run, sent, events } = prepare(response);
      const { deleted, stayed, error } = await run('a', 'b');
      expect(deleted).toEqual([]);
      expect(stayed).toEqual([`a ${s3Code}`, `b ${s3Code}`]);
      expect(error).toMatchObject({ code, details: { s3Code, attempts } });
      expect(sent()).toHaveLength(attempts);
      expect(events.at(-1)).toMatchObject({ kind: 'operation_finished', result: 'error', code });
    },
  );

  it('takes a page of a proxy for no answer of S3, never for a deletion', async () => {
    const page = { headers: { 'content-type': 'application/xml' }, body: '<html><b>log in</b></html>' };
    const { run } = prepare(() => page);
    expect(await run('a', 'b')).toMatchObject({
      deleted: [],
      error: { code: 'unavailable', details: { reason: 'not_s3' } },
    });
  });

  it.each<[string, (asked: readonly Asked[]) => FakeResponse]>([
    ['leaves a key out', (asked) => deletedResponse(asked.slice(1))],
    ['tells of one key twice', (asked) => deletedResponse([...asked.slice(1), ...asked.slice(1)])],
    ['is about another key', (asked) => deletedResponse([{ ...asked[0]!, key: 'other' }, ...asked.slice(1)])],
    ['names nothing', () => deletedResponse([])],
    ['has no body', () => ({ body: '' })],
  ])(
    'settles by a look what an answer that %s does not tell, and deletes again what is there',
    async (_what, answer) => {
      const there = new Set(['a', 'b']);
      const { run, requests } = prepare((asked, _number, { method, path }) => {
        const key = path.slice('/b/'.length);
        if (method === 'HEAD') return there.has(key) ? { headers: { etag: ETAG } } : { status: 404 };
        if (method === 'GET') return errorResponse(404, 'NoSuchKey');
        if (requests.filter((request) => request.method === 'POST').length > 1) there.clear();
        else there.delete('b');
        return answer(asked);
      });
      const outcome = await run('a', 'b');
      expect({ ...outcome, deleted: outcome.deleted.toSorted() }).toEqual({
        deleted: ['a', 'b'],
        changed: [],
        stayed: [],
        error: null,
      });
      expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(2);
    },
  );

  it('leaves what no answer tells of and what is still there, however often it is asked for', async () => {
    const { run } = prepare((_asked, _number, { method }) =>
      method === 'HEAD' ? { headers: { etag: ETAG } } : deletedResponse([]),
    );
    expect(await run('a')).toMatchObject({ deleted: [], stayed: ['a not_confirmed'], error: null });
  });

  it('tells versions of one key apart, and holds no ETag against them: they never change', async () => {
    const { run, requests } = prepare((asked) =>
      deletedResponse(asked, ({ versionId }) => (versionId === 'v2' ? 'AccessDenied' : null)),
    );
    const versions = ['v1', 'v2'].map((versionId) => target('a', { versionId }));
    expect(await run(...versions)).toMatchObject({ deleted: ['a'], stayed: ['a AccessDenied'] });
    expect(readAsked(requests[0]!.body)).toEqual([
      { key: 'a', versionId: 'v1', etag: null },
      { key: 'a', versionId: 'v2', etag: null },
    ]);
  });
});

describe('what a deletion learns of its store', () => {
  const refusesBatches: Response = (_asked, _number, { method }) =>
    method === 'POST' ? errorResponse(501, 'NotImplemented') : { status: 204 };
  const wantsMd5: Response = (asked, _number, { headers, body }) => {
    const md5 = createHash('md5').update(body).digest('base64');
    return headers['content-md5'] === md5 ? deletedResponse(asked, honours) : errorResponse(400, 'InvalidRequest');
  };
  const refusesEtags: Response = (asked) =>
    asked.some(({ etag }) => etag !== null) ? errorResponse(400, 'MalformedXML') : deletedResponse(asked);

  it.each<[string, Response, object, number]>([
    [
      'honours conditions',
      (asked) => deletedResponse(asked, honours),
      { form: 'batch', hasMd5: false, condition: 'honoured' },
      2,
    ],
    [
      'ignores conditions',
      (asked) => deletedResponse(asked),
      { form: 'batch', hasMd5: false, condition: 'ignored' },
      2,
    ],
    ['demands Content-MD5', wantsMd5, { form: 'batch', hasMd5: true, condition: 'honoured' }, 3],
    ['refuses ETags', refusesEtags, { form: 'batch', hasMd5: true, condition: 'refused' }, 4],
    ['has no DeleteObjects', refusesBatches, { form: 'single', hasMd5: false, condition: 'ignored' }, 4],
  ])('one that %s is found out by one key, and every key is gone', async (_what, response, dialect, count) => {
    const { run, requests, adapted } = prepare(response, { isTried: false });
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
    const { run } = prepare(() => errorResponse(400, 'InvalidRequest'), { isTried: false });
    expect(await run('a')).toMatchObject({
      deleted: [],
      stayed: ['a InvalidRequest'],
      error: { code: 'rejected', details: { s3Code: 'InvalidRequest' } },
    });
  });

  it('is nothing where the key itself is denied: the batch goes on without', async () => {
    const { run, adapted } = prepare((asked) => deletedResponse(asked, byKey({ a: 'AccessDenied' })), {
      isTried: false,
    });
    expect(await run('a', 'b')).toMatchObject({ deleted: ['b'], stayed: ['a AccessDenied'] });
    expect(adapted()).toBeUndefined();
  });

  it('does not take it for ignorance of conditions where no ETag is known', async () => {
    const { run, adapted } = prepare((asked) => deletedResponse(asked, honours), { isTried: false });
    expect(await run(target('a', { etag: null }))).toMatchObject({ deleted: ['a'] });
    expect(adapted()).toMatchObject({ condition: 'untested' });
  });
});

describe('deletes one by one', () => {
  const single = (ends: (path: string, number: number) => FakeResponse): Response => {
    let number = 0;
    return (_asked, _number, { method, path }) =>
      method === 'POST' ? errorResponse(405, 'MethodNotAllowed') : ends(path, (number += 1));
  };

  it.each([
    [() => ({ status: 204 }), 'deleted', 'b'],
    [() => errorResponse(404, 'NoSuchKey'), 'deleted', 'b'],
    [() => errorResponse(412, 'PreconditionFailed'), 'changed', 'b'],
    [() => errorResponse(409, 'ConditionalRequestConflict'), 'changed', 'b'],
    [() => errorResponse(403, 'AccessDenied'), 'stayed', 'b AccessDenied'],
    [() => errorResponse(503, 'SlowDown'), 'stayed', 'b SlowDown'],
  ] as const)('take an answer for what it says of its key (%#)', async (response, list, expected) => {
    const { run } = prepare(
      single((path) => (path === '/b/b' ? response() : { status: 204 })),
      { isTried: false },
    );
    const outcome = await run('a', 'b', 'c');
    expect(outcome[list]).toContain(expected);
    expect(outcome.error).toBeNull();
    expect([...outcome.deleted, ...outcome.changed, ...outcome.stayed]).toHaveLength(3);
  });

  it('end where an answer is about more than one key', async () => {
    const { run } = prepare(
      single((path) => (path === '/b/b' ? errorResponse(403, 'ExpiredToken') : { status: 204 })),
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
      return deletedResponse(asked);
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
      return deletedResponse(asked, byKey({ b: 'InternalError' }));
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
