import { describe, expect, it } from 'vitest';
import { deleteBatch } from '../../src/client/batch-delete.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import {
  createFakeS3,
  errorAnswer,
  networkFault,
  runWithS3,
  type FakeAnswer,
  type Respond,
} from '../support/fake-s3.ts';

/** What happens to each key that is asked to be deleted; a key without an entry is deleted. */
type Ends = Readonly<Record<string, string>>;

function deletedAnswer(keys: readonly string[], ends: Ends = {}): FakeAnswer {
  const entries = keys.map((key) => {
    const code = ends[key];
    return code === undefined
      ? `<Deleted><Key>${key}</Key></Deleted>`
      : `<Error><Key>${key}</Key><Code>${code}</Code><Message>why</Message></Error>`;
  });
  const body = `<?xml version="1.0"?><DeleteResult>${entries.join('')}</DeleteResult>`;
  return { headers: { 'content-type': 'application/xml' }, body };
}

const keysIn = (body: Buffer): string[] =>
  [...body.toString().matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key ?? '');

function prepare(respond: (keys: readonly string[], number: number) => ReturnType<Respond>) {
  const fake = createFakeS3(async ({ body }, number) => await respond(keysIn(body), number));
  const guard = createFakeGuard();
  return {
    ...guard,
    run: async (...keys: string[]) =>
      await runWithS3(guard.clock, deleteBatch(fake.s3, guard.guard, { bucket: 'b', keys })),
    sent: () => fake.requests.map(({ body }) => keysIn(body)),
  };
}

describe('deleteBatch', () => {
  it('deletes all keys with one request', async () => {
    const { run, sent, events } = prepare((keys) => deletedAnswer(keys));
    expect(await run('a', 'b')).toEqual([]);
    expect(sent()).toEqual([['a', 'b']]);
    expect(events.map(({ kind }) => kind)).toEqual([
      'operation_started',
      'request_started',
      'request_ended',
      'operation_finished',
    ]);
  });

  it('names the keys that were refused, and sends none of them again', async () => {
    const { run, sent } = prepare((keys) => deletedAnswer(keys, { b: 'AccessDenied' }));
    expect(await run('a', 'b', 'c')).toEqual([{ key: 'b', code: 'AccessDenied', message: 'why' }]);
    expect(sent()).toHaveLength(1);
  });

  it('sends only the keys again that failed for a moment', async () => {
    const { run, sent, events } = prepare((keys, number) =>
      deletedAnswer(keys, number === 1 ? { b: 'InternalError', c: 'AccessDenied' } : {}),
    );
    expect(await run('a', 'b', 'c', 'd')).toEqual([{ key: 'c', code: 'AccessDenied', message: 'why' }]);
    expect(sent()).toEqual([['a', 'b', 'c', 'd'], ['b']]);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'retry_scheduled', retry: 1, delayMs: 1000 }));
  });

  it('names the keys that outlast the retries, each once and with its own reason', async () => {
    const { run, sent } = prepare((keys) =>
      deletedAnswer(keys, { a: 'SlowDown', c: 'InternalError', d: 'AccessDenied' }),
    );
    const stayed = await run('a', 'b', 'c', 'd');
    expect(stayed.map(({ key, code }) => `${key} ${code}`).toSorted()).toEqual([
      'a SlowDown',
      'c InternalError',
      'd AccessDenied',
    ]);
    expect(sent()).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'c'],
      ['a', 'c'],
      ['a', 'c'],
    ]);
  });

  it('tries a batch again that failed as a whole', async () => {
    const { run, sent } = prepare((keys, number) => {
      if (number === 1) throw networkFault('ECONNRESET');
      return deletedAnswer(keys);
    });
    expect(await run('a', 'b')).toEqual([]);
    expect(sent()).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('rejects where no attempt brought an answer', async () => {
    const { run } = prepare(() => errorAnswer(503, 'SlowDown'));
    await expect(run('a', 'b')).rejects.toMatchObject({
      code: 'unavailable',
      details: { s3Code: 'SlowDown', attempts: 4 },
    });
  });

  it('rejects where S3 denies the whole batch', async () => {
    const { run, sent } = prepare(() => errorAnswer(403, 'AccessDenied'));
    await expect(run('a')).rejects.toMatchObject({ code: 'access_denied' });
    expect(sent()).toHaveLength(1);
  });

  it.each([
    ['fails as a whole ever after', () => errorAnswer(503, 'SlowDown'), 'SlowDown'],
    ['is denied as a whole after', () => errorAnswer(403, 'AccessDenied'), 'AccessDenied'],
  ])('names only the keys that are left when a batch of which some are gone %s', async (_what, then, code) => {
    const { run } = prepare((keys, number) => (number === 1 ? deletedAnswer(keys, { b: 'InternalError' }) : then()));
    expect(await run('a', 'b', 'c')).toEqual([{ key: 'b', code, message: 'as S3 says' }]);
  });

  it.each([
    [
      'a page of a proxy',
      () => ({ headers: { 'content-type': 'application/xml' }, body: '<html><b>log in</b></html>' }),
    ],
    ['an answer that leaves a key out', (keys: readonly string[]) => deletedAnswer(keys.slice(1))],
    [
      'an answer about another key',
      (keys: readonly string[]) => deletedAnswer(['other', ...keys.slice(1)], { other: 'AccessDenied' }),
    ],
  ])('takes %s for no answer of S3, never for a deletion', async (_what, respond) => {
    const { run } = prepare((keys) => respond(keys));
    await expect(run('a', 'b')).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
  });
});
