import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLocalFile } from '../../../../src/transfer/put/source-file.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-'));
});
afterAll(async () => await rm(directory, { recursive: true }));

async function open(bytes: string | Buffer, isReadWhole = true) {
  const path = join(directory, 'file');
  await writeFile(path, bytes);
  return openLocalFile(path, { isKnown: true, isReadWhole });
}

/** Larger than any small file. */
const MEMORY = Buffer.alloc(512 * 1024);

describe('readWhole', () => {
  it.each([0, 1, 4095, 4096, 4097, 256 * 1024])('reads a file of %d bytes', async (sizeBytes) => {
    const bytes = Buffer.from(Array.from({ length: sizeBytes }, (_, index) => index % 251));
    using file = await open(bytes);
    expect(Buffer.compare(file.readWhole?.(MEMORY) ?? Buffer.from('none'), bytes)).toBe(0);
  });

  it('leaves a large file, and one that is not read whole, to be read at offsets', async () => {
    using large = await open(Buffer.alloc(256 * 1024 + 1));
    using single = await open('bytes', false);
    expect([large.readWhole, single.readWhole]).toEqual([null, null]);
  });

  it.each<[string, (path: string) => Promise<void>, string]>([
    ['has become longer', async (path) => await appendFile(path, 'more'), 'it was written to'],
    ['has become shorter', async (path) => await truncate(path, 2), 'it is shorter than it was'],
    ['is gone', async (path) => await rm(path), 'it is gone'],
    [
      'was replaced by another one',
      async (path) => {
        await writeFile(`${path}.new`, 'other');
        await rename(`${path}.new`, path);
      },
      'it was replaced',
    ],
  ])('refuses a file that %s since it was opened', async (_what, change, how) => {
    using file = await open('bytes');
    await change(file.path);
    expect(() => file.readWhole?.(MEMORY)).toThrow(
      expect.objectContaining({ code: 'source_changed', message: expect.stringContaining(how) }),
    );
  });

  it.each([
    [4, 'more'],
    [6, 'fewer'],
  ])('refuses a file of 5 bytes whose size says %d', async (sizeBytes, how) => {
    using file = await open('bytes');
    Object.assign(file.identity, { sizeBytes });
    expect(() => file.readWhole?.(MEMORY)).toThrow(
      expect.objectContaining({ code: 'local_io', message: expect.stringContaining(`it has ${how} bytes`) }),
    );
  });
});
