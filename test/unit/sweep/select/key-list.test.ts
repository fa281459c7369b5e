import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readKeyList } from '../../../../src/sweep/select/key-list.ts';

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size)
    yield await Promise.resolve(bytes.subarray(start, start + size));
}

async function read(text: string | Buffer, { isNullSeparated = false, size = 7 } = {}): Promise<readonly string[][]> {
  const pages: string[][] = [];
  for await (const page of readKeyList(inChunks(Buffer.from(text), size), { isNullSeparated, name: 'keys.txt' })) {
    pages.push(page.map(({ key }) => key));
  }
  return pages;
}

describe('readKeyList', () => {
  it.each([
    ['lines', 'a\nb c/é\n', false, ['a', 'b c/é']],
    ['a last line without an end', 'a\nb', false, ['a', 'b']],
    ['empty lines as nothing', '\na\n\n', false, ['a']],
    ['keys as they are, blanks too', ' a \n\tb\n', false, [' a ', '\tb']],
    ['keys that are ended by NUL', 'a\nb\0c\r\0', true, ['a\nb', 'c\r']],
    ['nothing', '', false, []],
  ])('reads %s', async (_what, text, isNullSeparated, expected) => {
    expect((await read(text, { isNullSeparated })).flat()).toEqual(expected);
  });

  it('reads every written list, wherever chunks end', async () => {
    const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((text) => text.isWellFormed());
    const nullFree = key.filter((text) => !text.includes('\0'));
    await fc.assert(
      fc.asyncProperty(fc.array(nullFree), fc.integer({ min: 1, max: 50 }), async (keys, size) => {
        expect((await read(keys.map((one) => `${one}\0`).join(''), { isNullSeparated: true, size })).flat()).toEqual(
          keys,
        );
      }),
      { numRuns: 50 },
    );
  });

  it('returns pages of a thousand', async () => {
    const pages = await read(Array.from({ length: 2500 }, (_, index) => `k${index}\n`).join(''), { size: 999 });
    expect(pages.map(({ length }) => length)).toEqual([1000, 1000, 500]);
  });

  it.each([
    ['lines that end as on Windows', 'a\nb\r\n', 'keys.txt, key 2 ends with a carriage return'],
    ['bytes that are no UTF-8', Buffer.from([0x61, 0xff, 0x0a]), 'keys.txt, key 1 is not UTF-8'],
    ['a byte order mark', '\ufeffa\n', 'keys.txt, key 1 begins with a byte order mark'],
    [
      'a key that is longer than any',
      `${'a'.repeat(1025)}\n`,
      'keys.txt, key 1 exceeds the limit of 1024 bytes for a key',
    ],
    [
      'a list that is separated otherwise',
      'a\0'.repeat(600),
      'keys.txt, key 1 exceeds the limit of 1024 bytes for a key',
    ],
  ])('refuses %s, which could mean another key', async (_what, text, message) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'usage', message, details: { reason: 'key_list' } });
  });

  it('accepts a key of exactly 1024 bytes', async () => {
    expect((await read('a'.repeat(1024))).flat()).toHaveLength(1);
  });
});
