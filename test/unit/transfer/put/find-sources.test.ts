import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSources } from '../../../../src/transfer/put/find-sources.ts';
import { walkFiles } from '../../../../src/transfer/put/walk-files.ts';
import type { Event } from '../../../../src/events.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-'));
  await mkdir(join(directory, 'sub', 'deep'), { recursive: true });
  for (const name of ['a.txt', 'b.txt', 'w[1].txt', '.hidden.txt', 'sub/a.txt', 'sub/deep/c.txt']) {
    await writeFile(join(directory, name), name);
  }
  await symlink('nowhere', join(directory, 'sub', 'dangling'));
  await symlink('..', join(directory, 'sub', 'up'));
});
afterAll(async () => await rm(directory, { recursive: true }));

async function find(patterns: readonly string[], isRecursive = false): Promise<readonly string[]> {
  const roots = await findSources(
    patterns.map((pattern) => join(directory, pattern)),
    { isRecursive },
  );
  return roots.map(({ path }) => relative(directory, path)).toSorted();
}

describe('findSources', () => {
  it.each([
    ['a file', ['a.txt'], false, ['a.txt']],
    ['a pattern', ['*.txt'], false, ['a.txt', 'b.txt', 'w[1].txt']],
    ['a name that only looks like one', ['w[1].txt'], false, ['w[1].txt']],
    ['alternatives', ['{a,b}.txt'], false, ['a.txt', 'b.txt']],
    ['no directories without -r', ['*'], false, ['a.txt', 'b.txt', 'w[1].txt']],
    ['directories with -r', ['s*'], true, ['sub']],
    ['files at any depth, but no directories, under **', ['sub/**/c*'], true, ['sub/deep/c.txt']],
  ])('finds %s', async (_what, patterns, isRecursive, expected) => {
    expect(await find(patterns, isRecursive)).toEqual(expected);
  });

  it.each([
    ['nothing that matches', ['*.gz'], 'not_found'],
    ['a file that is not there', ['none'], 'not_found'],
    ['a directory without -r', ['sub'], 'usage'],
    ['a link that leads nowhere', ['sub/dangling'], 'not_found'],
  ])('refuses %s', async (_what, patterns, code) => {
    await expect(find(patterns)).rejects.toMatchObject({ code });
  });

  it('refuses standard input among others', async () => {
    await expect(findSources(['-', 'a'], { isRecursive: false })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('walkFiles', () => {
  async function walk(path: string, takes = (_name: string) => true) {
    const events: Event[] = [];
    const found: string[] = [];
    const root = { path, isDirectory: true };
    for await (const { name, problem } of walkFiles([root], { takes, emit: (event) => events.push(event) })) {
      found.push(problem === null ? name : `${name}: ${problem.code}`);
    }
    return {
      found: found.toSorted(),
      warnings: events.map((event) => (event.kind === 'warning' ? event.message : '')),
    };
  }

  it('names files by their path below the source, with links that lead nowhere, past links to directories', async () => {
    const { found, warnings } = await walk(join(directory, 'sub'));
    expect(found).toEqual(['a.txt', 'dangling', 'deep/c.txt']);
    expect(warnings).toEqual([`skipped ${join(directory, 'sub', 'up')}: it is a link to a directory`]);
  });

  it('takes what the filter takes', async () => {
    expect((await walk(directory, (name) => name.endsWith('a.txt'))).found).toEqual(['a.txt', 'sub/a.txt']);
  });

  it('tells of a directory that cannot be read, and goes on', async () => {
    expect((await walk(join(directory, 'none'))).found).toEqual([`${join(directory, 'none')}: not_found`]);
  });

  it.each([0, 1, 255, 256, 257, 512, 600])('finds each of %d files of a directory once', async (count) => {
    const place = join(directory, `of-${count}`);
    await mkdir(place);
    const names = Array.from({ length: count }, (_, index) => `f${String(index).padStart(4, '0')}`);
    await Promise.all(names.map(async (name) => await writeFile(join(place, name), '')));
    expect((await walk(place)).found).toEqual(names);
    await rm(place, { recursive: true });
  });

  it('gives everything else its turn while the filter takes nothing', async () => {
    const place = join(directory, 'many');
    for (let index = 0; index < 50; index += 1) await mkdir(join(place, `d${index}`), { recursive: true });
    let turns = 0;
    let isWalking = true;
    const count = () => {
      turns += 1;
      if (isWalking) setImmediate(count);
    };
    setImmediate(count);
    expect((await walk(place, () => false)).found).toEqual([]);
    isWalking = false;
    expect(turns).toBeGreaterThanOrEqual(5);
    await rm(place, { recursive: true });
  });
});
