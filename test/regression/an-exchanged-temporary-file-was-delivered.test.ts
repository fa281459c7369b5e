/**
 * Met: a program that put another file, or a link, in the place of a temporary file had it delivered as the object.
 * Cause: the file was verified through its descriptor, and renamed by its name.
 * Fix: before the rename, the name must still be that of the open file, which must have exactly the bytes written.
 */
import { mkdtemp, readFile, readlink, rename, rm, symlink, truncate, appendFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { statOrNull } from '../../src/transfer/local-errors.ts';
import { FileSink } from '../../src/transfer/get/file-sink.ts';

const options = { noClobber: false, isSynced: false, claim: null, tag: '0123456789ab' };
const BYTES = Buffer.from('verified');

describe.each([
  ['a small', BYTES.byteLength],
  ['a large', null],
])('the temporary file of %s object', (_what, sizeBytes) => {
  let directory = '';
  const target = (): string => join(directory, 'target');
  const open = async (): Promise<FileSink> => {
    const sink = await FileSink.create(target(), { ...options, sizeBytes });
    await sink.writeAt([BYTES], 0, () => undefined);
    return sink;
  };
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'breakwater-exchange-'));
    await writeFile(target(), 'old');
  });
  afterEach(async () => await rm(directory, { recursive: true }));

  it('becomes the target if nobody has touched it', async () => {
    const sink = await open();
    await sink.commit(null);
    expect(await readFile(target(), 'utf8')).toBe('verified');
  });

  it('is not delivered once another file has its name, which stays', async () => {
    const sink = await open();
    const { partialPath } = sink;
    await rename(partialPath, join(directory, 'moved'));
    await writeFile(partialPath, 'evilevil');
    await expect(sink.commit(null)).rejects.toMatchObject({ code: 'local_io' });
    expect(await readFile(target(), 'utf8')).toBe('old');
    expect(await readFile(partialPath, 'utf8')).toBe('evilevil');
  });

  it('is not delivered once its name is a link, even to the file itself', async () => {
    const sink = await open();
    const { partialPath } = sink;
    await rename(partialPath, join(directory, 'moved'));
    await symlink('moved', partialPath);
    await expect(sink.commit(null)).rejects.toMatchObject({ code: 'local_io' });
    expect(await readFile(target(), 'utf8')).toBe('old');
    expect(await readlink(partialPath)).toBe('moved');
  });

  it.each([
    ['cut', async (path: string) => await truncate(path, 3)],
    ['extended', async (path: string) => await appendFile(path, 'more')],
    ['removed', async (path: string) => await rm(path)],
  ])('is not delivered once it was %s', async (_how, touch) => {
    const sink = await open();
    await touch(sink.partialPath);
    await expect(sink.commit(null)).rejects.toMatchObject({ code: 'local_io' });
    expect(await readFile(target(), 'utf8')).toBe('old');
    expect(statOrNull(sink.partialPath)).toBeNull();
  });
});
