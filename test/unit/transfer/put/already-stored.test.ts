import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListedObject, ListedPage } from '../../../../src/s3/list/list-objects.ts';
import { DigestSet } from '../../../../src/transfer/put/digest-set.ts';
import { openLocalFile } from '../../../../src/transfer/put/source-file.ts';
import { StoredObjects } from '../../../../src/transfer/put/already-stored.ts';

const MIB = 1024 * 1024;
const SINCE_MS = 1_700_000_000_000;
const md5 = (bytes: Buffer | string) => createHash('md5').update(bytes);
const small = 'some bytes';
const large = Buffer.alloc(6 * MIB, 'x');
const largeEtag = `"${md5(Buffer.concat([md5(large.subarray(0, 5 * MIB)).digest(), md5(large.subarray(5 * MIB)).digest()])).digest('hex')}-2"`;

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-'));
  await writeFile(join(directory, 'small'), small);
  await writeFile(join(directory, 'large'), large);
});
afterAll(async () => await rm(directory, { recursive: true }));

async function* pages(objects: readonly ListedObject[], storeNowMs: number | null): AsyncGenerator<ListedPage> {
  yield await Promise.resolve({ objects, storeNowMs, isLast: true });
}

interface FileAndStore {
  readonly name?: string;
  readonly storeNowMs?: number | null;
  readonly partSizeBytes?: number;
}

async function isStored(
  object: Partial<ListedObject>,
  { name = 'small', storeNowMs = SINCE_MS + 1000, partSizeBytes = 5 * MIB }: FileAndStore = {},
): Promise<boolean> {
  const listed = {
    key: 'k',
    sizeBytes: small.length,
    lastModifiedMs: SINCE_MS + 500,
    etag: `"${md5(small).digest('hex')}"`,
    ...object,
  };
  const stored = await StoredObjects.read(pages([listed], storeNowMs), {
    sinceMs: SINCE_MS,
    now: () => SINCE_MS + 1000,
  });
  using file = openLocalFile(join(directory, name));
  return await stored.has('k', file, partSizeBytes);
}

describe('what a cut run has stored', () => {
  const inParts = { sizeBytes: large.length, etag: largeEtag };

  it.each([
    ['the same bytes', {}, {}, true],
    ['the same bytes, in parts', inParts, { name: 'large' }, true],
    ['the same bytes, in other parts', inParts, { name: 'large', partSizeBytes: 6 * MIB }, false],
    ['another key', { key: 'other' }, {}, false],
    ['another size', { sizeBytes: 11 }, {}, false],
    ['other bytes of the same size', { etag: `"${md5('other byte').digest('hex')}"` }, {}, false],
    ['an ETag that is no MD5 of it', { etag: '"00000000000000000000000000000000"' }, {}, false],
    ['no ETag', { etag: null }, {}, false],
    ['an object from before the run', { lastModifiedMs: SINCE_MS - 1001 }, {}, false],
    ['an object of the second in which it began', { lastModifiedMs: SINCE_MS - 500 }, {}, true],
    [
      'a store whose clock is a minute behind',
      { lastModifiedMs: SINCE_MS - 59_000 },
      { storeNowMs: SINCE_MS - 59_000 },
      true,
    ],
    [
      'a store whose clock is a minute ahead',
      { lastModifiedMs: SINCE_MS + 30_000 },
      { storeNowMs: SINCE_MS + 61_000 },
      false,
    ],
    ['a store that tells no time', {}, { storeNowMs: null }, true],
  ])('is, with %s, %j %j: %s', async (_what, object, file, expected) => {
    expect(await isStored(object, file)).toBe(expected);
  });
});

describe('DigestSet', () => {
  it('has what was added, and nothing else', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 3000 }), fc.nat(), (texts, cut) => {
        const added = texts.slice(0, cut % (texts.length + 1));
        const set = new DigestSet(10_000);
        for (const text of [...added, ...added]) set.add(text);
        expect(set.size).toBe(added.length);
        expect(texts.filter((text) => set.has(text))).toEqual(added);
      }),
      { numRuns: 30 },
    );
  });

  it('forgets what is beyond its bound', () => {
    const set = new DigestSet(2000);
    for (let index = 0; index < 5000; index += 1) set.add(`${index}`);
    expect([set.size, set.has('1999'), set.has('2000')]).toEqual([2000, true, false]);
  });
});
