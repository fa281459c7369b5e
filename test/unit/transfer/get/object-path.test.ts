import { resolve, sep, win32 } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { baseNameOf, isFileName, planObjectPath } from '../../../../src/transfer/get/object-path.ts';

const DESTINATION = '/tmp/destination';

/** Keys made of what is dangerous in a path, far more often than chance would. */
const hostileKey = fc
  .array(
    fc.oneof(fc.constantFrom('/', '.', '..', '\\', '\0', 'C:', '~', '...', '%2e%2e', '\u2024', 'a'), fc.string()),
    {
      maxLength: 8,
    },
  )
  .map((pieces) => pieces.join(''));

describe('planObjectPath', () => {
  it.each([
    ['a plain key', 'a/b.txt', '', 'a/b.txt'],
    ['what follows the prefix', 'logs/2024/b.txt', 'logs/', '2024/b.txt'],
    ['a prefix that ends inside a name', 'logs/2024/b.txt', 'logs/20', '2024/b.txt'],
    ['a prefix that is a whole key', 'logs/b.txt', 'logs/b.txt', 'b.txt'],
    ['a name that only begins with dots', '..hidden', '', '..hidden'],
    ['three dots', 'a/.../b', '', 'a/.../b'],
    ['a name of 255 bytes', 'n'.repeat(255), '', 'n'.repeat(255)],
  ])('plans %s below the destination', (_what, key, prefix, below) => {
    expect(planObjectPath(DESTINATION, { key, prefix })).toEqual({ kind: 'path', path: `${DESTINATION}/${below}` });
  });

  it.each([
    ['a parent segment', '../etc/passwd', ''],
    ['a parent segment in the middle', 'a/../../b', ''],
    ['a parent segment at the end', 'a/..', ''],
    ['a parent segment that the prefix hides', 'a/../b', 'a/'],
    ['an absolute path', '/etc/passwd', ''],
    ['an absolute path after the prefix', 'a//etc/passwd', 'a/'],
    ['an empty segment', 'a//b', ''],
    ['a key that is nothing but the prefix', 'a/', 'a/'],
    ['the empty key', '', ''],
    ['the directory itself', '.', ''],
    ['a "." segment, under which two keys would be one file', 'a/./b', ''],
    ['a NUL byte', 'a\0b', ''],
    ['a segment of 256 bytes', 'n'.repeat(256), ''],
    ['a segment of 256 bytes in fewer characters', 'é'.repeat(128), ''],
  ])('calls %s unsafe', (_what, key, prefix) => {
    expect(planObjectPath(DESTINATION, { key, prefix }).kind).toBe('unsafe');
  });

  it.runIf(sep === '/')('takes a backslash for the letter it is here', () => {
    const planned = planObjectPath(DESTINATION, { key: '..\\..\\b', prefix: '' });
    expect(planned).toEqual({ kind: 'path', path: `${DESTINATION}/..\\..\\b` });
  });

  it('never leaves the destination, whatever the key, the prefix and the destination', () => {
    const destination = fc.constantFrom('/', '.', '..', 'a/..', '/tmp/x/', '/tmp/../tmp/x', './y//z', '');
    fc.assert(
      fc.property(hostileKey, fc.nat(), destination, (key, cut, directory) => {
        const planned = planObjectPath(directory, { key, prefix: key.slice(0, cut % (key.length + 1)) });
        if (planned.kind === 'unsafe') return;
        const root = resolve(directory);
        expect(resolve(planned.path).startsWith(root.endsWith(sep) ? root : root + sep)).toBe(true);
        expect(resolve(planned.path)).not.toBe(root);
      }),
      { numRuns: 2000 },
    );
  });

  it('never plans the same file for two keys', () => {
    fc.assert(
      fc.property(hostileKey, hostileKey, (a, b) => {
        fc.pre(a !== b);
        const [first, second] = [a, b].map((key) => planObjectPath(DESTINATION, { key, prefix: '' }));
        if (first?.kind !== 'path' || second?.kind !== 'path') return;
        expect(resolve(first.path)).not.toBe(resolve(second.path));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('planObjectPath on Windows', () => {
  const plan = (key: string) => planObjectPath('C:\\data', { key, prefix: '' }, 'win32');

  it.each([
    ['a/b.txt', 'C:\\data\\a\\b.txt'],
    ['console/nulls/com.txt', 'C:\\data\\console\\nulls\\com.txt'],
    ['.hidden/COM10', 'C:\\data\\.hidden\\COM10'],
  ])('plans %j as a path of its own', (key, path) => {
    expect(plan(key)).toEqual({ kind: 'path', path });
  });

  it.each([
    ['a stream of a file', 'a.txt:hidden'],
    ['a drive', 'C:/windows'],
    ['a backslash, which would be a directory', 'a\\b'],
    ['a way out', '..\\..\\b'],
    ['a server', '\\\\server\\share'],
    ['a wildcard', 'a*b'],
    ['a line end', 'a\nb'],
    ['a device', 'logs/NUL'],
    ['a device with an ending', 'con.txt'],
    ['a device with blanks and an ending', 'aux  .txt'],
    ['a device with a raised digit', 'COM¹'],
    ['a directory that is a device', 'lpt1/b'],
    ['a dot at the end, under which two keys would be one file', 'a.'],
    ['a blank at the end of a directory', 'a /b'],
    ['a parent segment', '../b'],
    ['256 characters', 'n'.repeat(256)],
  ])('calls %s unsafe', (_what, key) => {
    expect(plan(key).kind).toBe('unsafe');
  });

  it('never leaves the destination, whatever the key', () => {
    fc.assert(
      fc.property(hostileKey, (key) => {
        const planned = plan(key);
        if (planned.kind === 'path') expect(win32.resolve(planned.path)).toMatch(/^C:\\data\\./);
      }),
      { numRuns: 2000 },
    );
  });

  it('allows all those names elsewhere', () => {
    const names = ['a:b', 'con', 'a.', 'a\\b', 'a*'];
    for (const platform of ['linux', 'darwin'] as const) {
      expect(names.every((name) => isFileName(name, platform))).toBe(true);
      expect(planObjectPath('/d', { key: 'a:b/con', prefix: '' }, platform)).toEqual({
        kind: 'path',
        path: '/d/a:b/con',
      });
    }
    expect(names.some((name) => isFileName(name, 'win32'))).toBe(false);
  });
});

describe('the names of keys and files', () => {
  it.each([
    ['a/b/c.txt', 'c.txt'],
    ['c.txt', 'c.txt'],
    ['a/', ''],
    ['a\\b', 'a\\b'],
  ])('takes the last segment of %j', (key, name) => {
    expect(baseNameOf(key)).toBe(name);
  });
});
