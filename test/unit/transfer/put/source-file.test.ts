import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SmallBuffers } from '../../../../src/transfer/put/small-buffers.ts';
import { openLocalFile } from '../../../../src/transfer/put/source-file.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-'));
});
afterAll(async () => await rm(directory, { recursive: true }));

async function open(bytes: string | Buffer, buffers: SmallBuffers | null = new SmallBuffers()) {
  const path = join(directory, 'file');
  await writeFile(path, bytes);
  return openLocalFile(path, { isKnown: true, buffers });
}

describe('readWhole', () => {
  it.each([0, 1, 4095, 4096, 4097, 256 * 1024])('reads a file of %d bytes', async (sizeBytes) => {
    const bytes = Buffer.from(Array.from({ length: sizeBytes }, (_, index) => index % 251));
    using file = await open(bytes);
    expect(Buffer.compare(file.readWhole?.() ?? Buffer.from('none'), bytes)).toBe(0);
  });

  it('leaves a large file, and one without buffers, to be read at offsets', async () => {
    using large = await open(Buffer.alloc(256 * 1024 + 1));
    using single = await open('bytes', null);
    expect([large.readWhole?.(), single.readWhole?.()]).toEqual([null, null]);
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
    expect(() => file.readWhole?.()).toThrow(
      expect.objectContaining({ code: 'source_changed', message: expect.stringContaining(how) }),
    );
  });

  it.each([
    [4, 'more'],
    [6, 'fewer'],
  ])('refuses a file of 5 bytes whose size says %d', async (sizeBytes, how) => {
    using file = await open('bytes');
    Object.assign(file.identity, { sizeBytes });
    expect(() => file.readWhole?.()).toThrow(
      expect.objectContaining({ code: 'local_io', message: expect.stringContaining(`it has ${how} bytes`) }),
    );
  });

  it('uses the memory of a closed file again, and not that of an open one', async () => {
    const buffers = new SmallBuffers();
    const first = await open('first', buffers);
    const { buffer } = first.readWhole?.() ?? new Uint8Array();
    {
      using second = await open('second', buffers);
      expect(second.readWhole?.()?.buffer).not.toBe(buffer);
    }
    first[Symbol.dispose]();
    using third = await open('third', buffers);
    expect(third.readWhole?.()?.buffer).toBe(buffer);
  });
});

describe('SmallBuffers', () => {
  it.each([
    [0, 4096],
    [4096, 4096],
    [4097, 8192],
    [262_145, 524_288],
  ])('has for %d bytes a buffer of %d', (bytes, size) => {
    expect(new SmallBuffers().take(bytes)).toHaveLength(size);
  });

  it('keeps no more than its bound', () => {
    const buffers = new SmallBuffers();
    const taken = Array.from({ length: 20 }, () => buffers.take(512 * 1024));
    for (const buffer of taken) buffers.give(buffer);
    const again = Array.from({ length: 20 }, () => buffers.take(512 * 1024));
    expect(again.filter((buffer) => taken.includes(buffer))).toHaveLength(16);
  });
});
