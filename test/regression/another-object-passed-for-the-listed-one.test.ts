/**
 * Met: behind a cache that answered each request with another object, or a proxy that answered with its login page, `get -r`
 *   ended with status 0 and stored those bytes under the names of the listed objects.
 * Cause: two equal answers counted as proof that an object had been replaced after the listing; and three such objects
 *   counted as proof that the store's listing cannot be compared, so that nothing was compared any more.
 * Fix: what has replaced a listed object was stored later. An answer with the time of the listing must have its ETag, or at
 *   least its size if the store has ETags of its own.
 */
import { describe, expect, it } from 'vitest';
import { etagOf, startScriptedStore } from '../support/scripted-store.ts';

const KEYS = Array.from({ length: 6 }, (_, index) => `t/${100 + index}`);
const OBJECTS = Object.fromEntries(KEYS.map((key) => [key, `the bytes of ${key}`]));
const PAGE = '<html>Please sign in</html>';

type Answer = NonNullable<Parameters<typeof startScriptedStore>[0]['answer']>;

async function getAll(answer: Answer, entry?: (key: string) => { etag?: string }) {
  await using store = await startScriptedStore({ objects: OBJECTS, answer, ...(entry === undefined ? {} : { entry }) });
  const { status, json } = await store.get('-r', '--json', 's3://bkt/t/', store.path('here'));
  return { status, json, files: await store.files('here'), asked: store.asked.length };
}

function neighbour(key: string): string {
  return OBJECTS[KEYS[(KEYS.indexOf(key) + 1) % KEYS.length]!]!;
}

describe('get -r', () => {
  it('names one object that is always answered with another', async () => {
    const { status, json, files } = await getAll((key) => (key === 't/102' ? { text: neighbour(key) } : null));
    expect(status).toBe(3);
    expect(Object.keys(files)).toEqual(['100', '101', '103', '104', '105']);
    expect(json['failures']).toMatchObject([{ code: 'unavailable' }]);
  });

  const later = 'Tue, 02 Jan 2024 00:00:00 GMT';
  it.each<[string, Answer]>([
    ['its neighbour', (key) => ({ text: neighbour(key) })],
    ['one object of another size', () => ({ text: 'another size' })],
    ['a login page', () => ({ text: PAGE, headers: { etag: '"2a-5e1f"', 'content-type': 'text/html' } })],
    [
      'a login page with a time of its own',
      () => ({ text: PAGE, headers: { etag: '"2a-5e1f"', 'content-type': 'text/html', 'last-modified': later } }),
    ],
    [
      'an older object',
      (key) => ({ text: neighbour(key), headers: { 'last-modified': 'Sun, 01 Jan 2023 00:00:00 GMT' } }),
    ],
    ['an object without a time', (key) => ({ text: neighbour(key), headers: { 'last-modified': '' } })],
  ])('stores nothing where every object is answered with %s', async (_what, answer) => {
    const { status, files } = await getAll(answer);
    expect(status).not.toBe(0);
    expect(files).toEqual({});
  });

  it('does so where no ETag of the listing can be compared', async () => {
    const entry = (key: string) => ({ etag: `"gateway-${key}"` });
    const healthy = await getAll(() => null, entry);
    expect(healthy).toMatchObject({ status: 0, files: { 100: OBJECTS['t/100'], 105: OBJECTS['t/105'] } });
    const { status, files } = await getAll((key) => (key >= 't/104' ? { text: PAGE } : null), entry);
    expect(status).toBe(3);
    expect(Object.keys(files)).toEqual(['100', '101', '102', '103']);
  });

  it('takes objects that were stored after the listing', async () => {
    const answer: Answer = (key) => ({ text: `new bytes of ${key}`, headers: { 'last-modified': later } });
    const { status, files } = await getAll(answer);
    expect(status).toBe(0);
    expect(files).toMatchObject({ 100: 'new bytes of t/100', 105: 'new bytes of t/105' });
    expect(etagOf(files['100']!)).not.toBe(etagOf(OBJECTS['t/100']!));
  });
});
