import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeyFilter } from '../../../../src/key-filter.ts';
import { findSources } from '../../../../src/transfer/put/find-sources.ts';
import { walkFiles } from '../../../../src/transfer/put/walk-files.ts';
import { refuseCollisions } from '../../../../src/transfer/put/refuse-collisions.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-'));
});
afterEach(async () => await rm(directory, { recursive: true }));

async function make(files: readonly string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await writeFile(join(directory, file), file);
  }
}

async function check(sources: readonly string[], exclude: readonly string[] = []): Promise<void> {
  const paths = sources.map((source) => join(directory, source));
  const roots = await findSources(paths, { isRecursive: true });
  await refuseCollisions(roots, { takes: createKeyFilter({ include: [], exclude }) });
}

describe('refuseCollisions', () => {
  it.each([
    ['two files', ['a/x', 'b/x'], ['a/x', 'b/x'], 'x'],
    ['a file twice', ['a/x'], ['a/x', 'a/x'], 'x'],
    ['a directory twice', ['a/x'], ['a', 'a'], 'x'],
    ['two trees', ['a/1/x', 'a/y', 'b/1/x', 'b/z'], ['a', 'b'], '1/x'],
    ['two of three trees', ['a/y', 'b/1/2/x', 'c/1/2/x'], ['a', 'b', 'c'], '1/2/x'],
    ['a file and a tree, whichever comes first', ['x', 'a/x'], ['a', 'x'], 'x'],
  ])('refuses %s', async (_what, files, sources, name) => {
    await make(files);
    await expect(check(sources)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(new RegExp(`/.* and /.* would be the same object, named ${name}$`)),
    });
  });

  it.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ['one tree', ['a/x', 'a/b/x'], ['a'], []],
    ['trees with nothing but directories in common', ['a/1/x', 'b/1/y'], ['a', 'b'], []],
    ['a file where the other has a directory', ['a/x', 'b/x/y'], ['a', 'b'], []],
    ['a file whose name is in a directory below', ['x', 'a/1/x'], ['x', 'a'], []],
    ['what --exclude leaves out', ['a/1/x', 'b/1/x', 'b/y'], ['a', 'b'], ['x']],
    ['files that --exclude leaves out', ['a/x', 'b/x', 'c'], ['a/x', 'b/x', 'c'], ['x']],
  ])('takes %s', async (_what, files, sources, exclude) => {
    await make(files);
    await check(sources, exclude);
  });

  it('heeds links to files, and neither links to directories nor those that lead nowhere', async () => {
    await make(['a/x', 'a/d/y', 'a/z', 'b/k', 'c/y']);
    await symlink('../c', join(directory, 'b', 'd'));
    await symlink('nowhere', join(directory, 'b', 'z'));
    await check(['a', 'b']);
    await symlink('k', join(directory, 'b', 'x'));
    await expect(check(['a', 'b'])).rejects.toMatchObject({ code: 'usage' });
  });

  it('refuses exactly those trees of which two files would have one name', async () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    const tree = fc.uniqueArray(path, { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(tree, { minLength: 1, maxLength: 3 }), async (trees) => {
        const roots = await mkdtemp(join(directory, 'run-'));
        const paths = trees.map((_, index) => join(roots, String(index)));
        for (const [index, files] of trees.entries()) {
          await mkdir(paths[index]!);
          for (const file of files) {
            await mkdir(dirname(join(paths[index]!, file)), { recursive: true }).catch(() => undefined);
            // Where a directory or a file is in the way, there is one file less.
            await writeFile(join(paths[index]!, file), '').catch(() => undefined);
          }
        }
        const found: string[] = [];
        const sources = paths.map((one) => ({ path: one, isDirectory: true }));
        const takes = (): boolean => true;
        for await (const file of walkFiles(sources, { takes, emit: () => undefined })) found.push(file.name);
        const outcome = await refuseCollisions(sources, { takes }).then(
          () => 'taken',
          () => 'refused',
        );
        expect(outcome).toBe(new Set(found).size < found.length ? 'refused' : 'taken');
      }),
      { numRuns: 60 },
    );
  });
});
