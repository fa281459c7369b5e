/**
 * Met: behind a proxy that sent some answers twice, `get -r` ended with status 0, and some files had the bytes of others.
 * Cause: the second answer was taken for the answer to the next request on its connection. Nothing compared the ETag and
 *   the size of an answer with those that the listing had stated.
 * Fix: an answer must describe the listed object. If it does not, its connection is closed and the object requested once
 *   more: a listed object is taken, and so is one that both answers agree on, because it was replaced meanwhile.
 */
import { describe, expect, it } from 'vitest';
import { etagOf, startScriptedStore } from '../support/scripted-store.ts';
import { body, FakeFile, md5, OBJECT, prepare, responseOf } from '../support/fake-download.ts';

const FOREIGN = Buffer.from('the bytes of another');
const LISTED = { etag: md5(OBJECT), sizeBytes: OBJECT.byteLength };

/** Downloads a listed object; the requests with these numbers get the answer about another one. */
async function getListed(isForeign: (number: number) => boolean) {
  const file = new FakeFile();
  const stage = prepare(
    (request, number) => responseOf(request, { object: isForeign(number) ? FOREIGN : OBJECT }),
    file,
    { listed: LISTED },
  );
  const result = await stage.run();
  return { ...stage, file, result };
}

describe('get -r', () => {
  it('requests an object again whose answer was about another', async () => {
    const { file, result, requests, opened, process } = await getListed((number) => number === 1);
    expect(file.bytes).toEqual(OBJECT);
    expect(result.etag).toBe(md5(OBJECT));
    expect(requests).toHaveLength(2);
    // The target never saw the other object.
    expect(opened.map(({ etag }) => etag)).toEqual([md5(OBJECT)]);
    expect(process.verdicts).toEqual(['success']);
  });

  it('closes the connection of the wrong answer', async () => {
    const wrong = body(FOREIGN);
    const { run } = prepare(
      (request, number) =>
        number === 1 ? { ...responseOf(request, { object: FOREIGN }), body: wrong } : responseOf(request),
      new FakeFile(),
      { listed: LISTED },
    );
    await run();
    expect(wrong.destroyed).toBe(true);
  });

  it('takes an object that was replaced after the listing', async () => {
    const { file, result, requests } = await getListed(() => true);
    expect(file.bytes).toEqual(FOREIGN);
    expect(result).toMatchObject({ etag: md5(FOREIGN), verifiedBy: 'md5' });
    expect(requests).toHaveLength(2);
  });

  it('requests a healthy object once', async () => {
    const { requests } = await getListed(() => false);
    expect(requests).toHaveLength(1);
  });

  it('retries while every answer is about another object', async () => {
    const { run, requests, process } = prepare(
      (request, number) => responseOf(request, { object: Buffer.from(`another object ${number}`) }),
      new FakeFile(),
      { listed: LISTED },
    );
    await expect(run()).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'other_object' } });
    expect(requests.length).toBeGreaterThan(2);
    expect(process.verdicts).toEqual(['failure']);
  });
});

describe('get -r behind a proxy that sends each answer twice', () => {
  it.each([0, 1, 3])('gives every file its own bytes, the second answer %d ms late', async (delayMs) => {
    const names = Array.from({ length: 40 }, (_, index) => `t/${100 + index}`);
    const objects = Object.fromEntries(names.map((name) => [name, `object ${name} `.repeat(50)]));
    await using store = await startScriptedStore({
      objects,
      afterObject: (_request, again) => void setTimeout(again, delayMs),
    });
    const { status } = await store.get('-r', '--concurrency=4', 's3://bkt/t/', store.path('here'));
    expect(status).toBe(0);
    const files = await store.files('here');
    for (const name of names) expect(files[name.slice(2)]).toBe(objects[name]);
  });
});

describe('get -r of objects that change', () => {
  it('takes an object as it is now', async () => {
    await using store = await startScriptedStore({
      objects: { 't/a': 'as it was listed' },
      before: ({ kind }, objects) => {
        if (kind === 'get') objects.set('t/a', 'replaced since');
      },
    });
    expect((await store.get('-r', 's3://bkt/t/', store.path('here'))).status).toBe(0);
    expect(await store.files('here')).toEqual({ a: 'replaced since' });
    expect(store.asked.map(({ kind }) => kind)).toEqual(['list', 'get', 'get']);
  });

  it.each([
    ['ETags', { etag: '"of-its-own"' }],
    ['sizes', { size: 7 }],
  ])('stops asking twice on a store that lists other %s than it sends', async (_what, entry) => {
    const objects = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`t/${100 + index}`, 'some bytes']));
    await using store = await startScriptedStore({ objects, entry: () => entry });
    expect((await store.get('-r', '--concurrency=1', 's3://bkt/t/', store.path('here'))).status).toBe(0);
    expect(Object.keys(await store.files('here'))).toHaveLength(40);
    const gets = store.asked.filter(({ kind }) => kind === 'get').length;
    expect(gets).toBeLessThan(60);
    if ('size' in entry) return;
    // Each file is here, and one HEAD tells.
    const again = await store.get('-r', '--json', 's3://bkt/t/', store.path('here'));
    expect(again.json).toMatchObject({ objects: 0, skipped: 40 });
    expect(store.asked.filter(({ kind }) => kind === 'head').length).toBeLessThan(80);
  });

  it.each([[''], ['unquoted'], ['weak']])(
    'asks once where the listing has the ETag in another form: %j',
    async (form) => {
      const bytes = 'some bytes';
      const etag = { '': '', unquoted: etagOf(bytes).slice(1, -1), weak: `W/${etagOf(bytes)}` }[form]!;
      await using store = await startScriptedStore({ objects: { 't/a': bytes }, entry: () => ({ etag }) });
      expect((await store.get('-r', 's3://bkt/t/', store.path('here'))).status).toBe(0);
      expect(store.asked.map(({ kind }) => kind)).toEqual(['list', 'get']);
    },
  );
});

describe('get -r of a response that states no size', () => {
  it('requests the rest of a body that ended before the listed size', async () => {
    const file = new FakeFile();
    const { run, requests } = prepare(
      (request, number) => {
        const { headers, ...whole } = responseOf(request, { headers: { etag: '"x-2"' } });
        const { 'content-length': _size, ...unsized } = headers ?? {};
        return number > 1 ? { ...whole, headers: headers ?? {} } : { headers: unsized, body: OBJECT.subarray(0, 7) };
      },
      file,
      { listed: { etag: '"x-2"', sizeBytes: OBJECT.byteLength } },
    );
    await run();
    expect(file.bytes).toEqual(OBJECT);
    expect(requests[1]?.headers['range']).toBe('bytes=7-');
  });
});

describe('get of a large object', () => {
  it('requests a range again whose answer was about another object', async () => {
    const file = new FakeFile();
    const { run, requests } = prepare(
      (request, number) => responseOf(request, { object: number === 2 ? FOREIGN : OBJECT }),
      file,
      { pieceBytes: 10 },
    );
    await run();
    expect(file.bytes).toEqual(OBJECT);
    expect(requests).toHaveLength(3);
  });

  it('ends if two answers agree that the object was replaced', async () => {
    const { run } = prepare(
      (request, number) => responseOf(request, { object: number > 1 ? FOREIGN : OBJECT }),
      new FakeFile(),
      { pieceBytes: 10 },
    );
    await expect(run()).rejects.toMatchObject({ code: 'object_changed' });
  });
});
