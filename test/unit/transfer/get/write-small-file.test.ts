import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeSmallFile } from '../../../../src/transfer/get/write-small-file.ts';

const CONTENT = Buffer.from('hello');

function prepare({ content = CONTENT, modifiedMs = null as number | null, isNoClobber = false } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'small-file-'));
  const path = join(directory, 'f');
  const write = () =>
    writeSmallFile({ path, partialPath: join(directory, '.f.part'), content, modifiedMs, isNoClobber, replaced: null });
  return { directory, path, write };
}

describe('writeSmallFile', () => {
  it.each([
    ['a file', CONTENT],
    ['an empty file', Buffer.alloc(0)],
  ])('writes %s under its name alone', (_what, content) => {
    const { directory, path, write } = prepare({ content });
    expect(write()).toBe(true);
    expect([readFileSync(path), readdirSync(directory)]).toEqual([content, ['f']]);
  });

  it.each([[1_600_000_000_123], [-86_400_000], [0]])('gives it its time: %s ms', (modifiedMs) => {
    const { path, write } = prepare({ modifiedMs });
    expect(write()).toBe(true);
    expect(statSync(path).mtimeMs).toBeCloseTo(modifiedMs, 2);
  });

  it('replaces a file, except where none may be replaced', () => {
    const replacing = prepare();
    writeFileSync(replacing.path, 'old');
    expect([replacing.write(), readFileSync(replacing.path, 'utf8')]).toEqual([true, 'hello']);
    const keeping = prepare({ isNoClobber: true });
    writeFileSync(keeping.path, 'old');
    expect([keeping.write(), readFileSync(keeping.path, 'utf8')]).toEqual([false, 'old']);
    expect(readdirSync(keeping.directory)).toEqual(['f']);
    const creating = prepare({ isNoClobber: true });
    expect([creating.write(), readdirSync(creating.directory)]).toEqual([true, ['f']]);
  });

  it('leaves nothing behind where it fails', () => {
    const { directory, path, write } = prepare();
    mkdirSync(path);
    expect([write(), readdirSync(directory)]).toEqual([false, ['f']]);
    const missing = join(directory, 'no', 'f');
    const how = {
      path: missing,
      partialPath: `${missing}.part`,
      content: CONTENT,
      modifiedMs: null,
      isNoClobber: false,
      replaced: null,
    };
    expect([writeSmallFile(how), readdirSync(directory)]).toEqual([false, ['f']]);
  });

  it('never touches a file that has the temporary name', () => {
    const { directory, write } = prepare();
    writeFileSync(join(directory, '.f.part'), 'of another');
    expect([write(), readFileSync(join(directory, '.f.part'), 'utf8')]).toEqual([false, 'of another']);
  });
});
