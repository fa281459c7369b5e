/**
 * Met: `sweep --keys-from` of a list that `find -print0` wrote, without -0, ended with "deleted 1" and status 0, and nothing
 *   was deleted. So did a list of lines with -0.
 * Cause: the whole list was one long key, and S3 counts a missing key as deleted.
 * Fix: such a list is refused (usage), as one with Windows line endings is.
 */
import { expect, it } from 'vitest';
import { readKeyList } from '../../src/sweep/select/key-list.ts';

async function* inChunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size)
    yield await Promise.resolve(bytes.subarray(start, start + size));
}

async function read(text: string, { isNullSeparated, size }: { isNullSeparated: boolean; size: number }) {
  const keys: string[] = [];
  for await (const page of readKeyList(inChunks(text, size), { isNullSeparated, name: 'list' })) {
    keys.push(...page.map(({ key }) => key));
  }
  return keys;
}

it.each([
  ['NUL bytes, without -0', 't/a\0t/b\0', false, 'list, key 1 contains a NUL byte'],
  ['a NUL byte at its end, without -0', 't/a\nt/b\0', false, 'list, key 2 contains a NUL byte'],
  ['lines, with -0', 't/a\nt/b\n', true, 'list, key 1 contains a line feed, and no NUL byte ends it'],
  ['one line, with -0', 't/a\n', true, 'list, key 1 contains a line feed, and no NUL byte ends it'],
  ['both, with -0', 't/a\0t/b\n', true, 'list, key 2 contains a line feed, and no NUL byte ends it'],
])('refuses a list with %s, wherever chunks end', async (_what, text, isNullSeparated, message) => {
  for (const size of [1, 3, 100]) {
    await expect(read(text, { isNullSeparated, size })).rejects.toMatchObject({ code: 'usage', message });
  }
});

it('reads a key with a line feed that a NUL byte ends, and a last key without one', async () => {
  expect(await read('t/a\nb\0t/c', { isNullSeparated: true, size: 3 })).toEqual(['t/a\nb', 't/c']);
});
