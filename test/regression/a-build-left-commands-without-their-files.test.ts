/**
 * Met: while `npm run package` or `npm run build` ran, every command of a linked clone ended with 70, for seconds:
 *   "cannot start: ENOENT: no such file or directory, open '.../dist/cli/main.cjs'".
 * Cause: the bundler emptied dist/ and wrote it anew in place.
 * Fix: it writes to a folder of its own, and each file takes its place by a rename; what is alike stays.
 */
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { takePlace } from '../../packaging/bundle/take-place.ts';

const place = mkdtempSync(join(tmpdir(), 'breakwater-build-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

function write(folder: string, files: Readonly<Record<string, string>>): string {
  const root = join(place, folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const list = (folder: string): readonly string[] => readdirSync(folder, { recursive: true }).map(String).toSorted();

it('replaces only what has changed, by renames, and removes what is no longer made', () => {
  const old = write('dist', { 'cli/main.cjs': 'old main', 'chunks/a.cjs': 'same', 'chunks/gone.cjs': 'gone' });
  const made = write('made', { 'cli/main.cjs': 'new main', 'chunks/a.cjs': 'same', 'chunks/b.cjs': 'new chunk' });
  const inode = statSync(join(old, 'chunks/a.cjs')).ino;
  // A command that has just opened it.
  const opened = openSync(join(old, 'cli/main.cjs'), 'r');
  takePlace(made, old, { last: 'cli/main.cjs' });
  expect(readFileSync(opened, 'utf8')).toBe('old main');
  closeSync(opened);
  expect(list(old)).toEqual(['chunks', 'chunks/a.cjs', 'chunks/b.cjs', 'cli', 'cli/main.cjs']);
  expect(readFileSync(join(old, 'cli/main.cjs'), 'utf8')).toBe('new main');
  expect(statSync(join(old, 'chunks/a.cjs')).ino).toBe(inode);
});

it('makes the folder that is not there yet', () => {
  takePlace(write('first', { 'cli/main.cjs': 'main' }), join(place, 'none', 'dist'), { last: 'cli/main.cjs' });
  expect(list(join(place, 'none', 'dist'))).toEqual(['cli', 'cli/main.cjs']);
});

it('is how the program is built', () => {
  expect(packageJson.scripts.build).toBe('node packaging/bundle/build.ts');
});
