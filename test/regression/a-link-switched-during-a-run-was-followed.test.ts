/**
 * Met: where the destination of a `get -r`, or a directory in it, became a link to another place during the run, the rest of the
 *   objects was written there.
 * Cause: the real path of a directory was looked at once.
 * Fix: it is looked at again after a second; one that has become another directory takes nothing more.
 */
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Destination } from '../../src/transfer/get/destination.ts';

const directory = await mkdtemp(join(tmpdir(), 'breakwater-switched-'));
afterAll(async () => await rm(directory, { recursive: true, force: true }));

async function open(name: string) {
  let nowMs = 0;
  const destination = await Destination.open(join(directory, name), { isFolding: false, monotonic: () => nowMs });
  return {
    place: (key: string) => destination.reserve({ bucket: 'b', key }, ''),
    pass: (ms: number) => void (nowMs += ms),
  };
}

async function switchTo(link: string, target: string): Promise<void> {
  const temporary = join(directory, 'next');
  await symlink(target, temporary);
  await rename(temporary, join(directory, link));
}

it('refuses what would follow a switched link', async () => {
  for (const release of ['one', 'two']) await mkdir(join(directory, release, 'a'), { recursive: true });
  await switchTo('current', 'one');
  const { place, pass } = await open('current');
  expect(place('a/1')).toBe(join(directory, 'current', 'a', '1'));
  await switchTo('current', 'two');
  pass(1000);
  expect(() => place('a/2')).toThrow(/current\/a has become another directory meanwhile/);
  expect(() => place('new/3')).toThrow(expect.objectContaining({ code: 'local_create' }));
  expect(() => place('4')).toThrow(expect.objectContaining({ code: 'local_create' }));
  await switchTo('current', 'one');
  expect(place('a/5')).toBe(join(directory, 'current', 'a', '5'));
});

it('refuses a directory of the destination that a link has replaced, and takes one that was made anew', async () => {
  await mkdir(join(directory, 'out', 'a'), { recursive: true });
  await mkdir(join(directory, 'out', 'b'));
  const { place, pass } = await open('out');
  for (const key of ['a/1', 'b/1']) place(key);
  await rm(join(directory, 'out', 'a'), { recursive: true });
  await symlink(tmpdir(), join(directory, 'out', 'a'));
  await rm(join(directory, 'out', 'b'), { recursive: true });
  pass(1000);
  expect(() => place('a/2')).toThrow(/another directory/);
  expect(place('b/2')).toBe(join(directory, 'out', 'b', '2'));
  await mkdir(join(directory, 'out', 'b'));
  expect(place('b/3')).toBe(join(directory, 'out', 'b', '3'));
});
