import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Destination } from '../../../../src/transfer/get/destination.ts';

async function openDestination(options: { isFolding?: boolean; monotonic?: () => number } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-destination-'));
  const destination = await Destination.open(directory, { monotonic: () => 0, ...options });
  return {
    place: (key: string) => destination.reserve({ bucket: 'b', key }, ''),
    release: (path: string) => destination.release(path),
    directory,
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true }),
  };
}

describe('Destination', () => {
  it.each([
    ['case', 'a/Name', 'A/name'],
    ['Unicode normalization', 'e\u0301', '\u00e9'],
  ])(
    'rejects the second of two keys that differ only in %s if the file system folds names',
    async (_what, first, second) => {
      await using folding = await openDestination({ isFolding: true });
      folding.place(first);
      expect(() => folding.place(second)).toThrow(
        expect.objectContaining({ code: 'local_create', message: expect.stringContaining(first) }),
      );
      await using exact = await openDestination({ isFolding: false });
      exact.place(first);
      expect(exact.place(second)).toBe(join(exact.directory, second));
    },
  );

  it('rejects a link that leads out, also where its directory was missing when it was first asked for', async () => {
    await using destination = await openDestination();
    await using elsewhere = await openDestination();
    const first = destination.place('a/b/1');
    expect(first).toBe(join(destination.directory, 'a', 'b', '1'));
    await mkdir(join(destination.directory, 'a'));
    await symlink(elsewhere.directory, join(destination.directory, 'a', 'b'));
    expect(() => destination.place('a/b/2')).toThrow(expect.objectContaining({ code: 'local_create' }));
    expect(() => destination.place('a/b/c/3')).toThrow(expect.objectContaining({ code: 'local_create' }));
    expect(destination.place('a/d/4')).toBe(join(destination.directory, 'a', 'd', '4'));
  });

  it('follows a link that stays below', async () => {
    await using destination = await openDestination();
    await mkdir(join(destination.directory, 'real'));
    await symlink('real', join(destination.directory, 'link'));
    expect(destination.place('link/x/1')).toBe(join(destination.directory, 'link', 'x', '1'));
  });

  it('rejects a directory with the name of a file being fetched', async () => {
    await using destination = await openDestination();
    const path = destination.place('a');
    expect(() => destination.place('a/b/c')).toThrow(expect.objectContaining({ code: 'local_create' }));
    destination.release(path);
    expect(destination.place('a/b/c')).toBe(join(destination.directory, 'a/b/c'));
  });
});
