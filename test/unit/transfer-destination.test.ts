import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Destination } from '../../src/transfer/destination.ts';

async function openDestination(options: { isFolding?: boolean } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-destination-'));
  const destination = await Destination.open(directory, options);
  return {
    place: async (key: string) => await destination.place({ bucket: 'b', key }, ''),
    release: (path: string) => destination.release(path),
    directory,
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true }),
  };
}

describe('Destination', () => {
  it.each([
    ['case', 'a/Name', 'A/name'],
    ['the composition of letters', 'e\u0301', '\u00e9'],
  ])('refuses the second of two keys that differ only in %s where names are folded', async (_what, first, second) => {
    await using folding = await openDestination({ isFolding: true });
    await folding.place(first);
    await expect(folding.place(second)).rejects.toMatchObject({
      code: 'local_create',
      message: expect.stringContaining(first),
    });
    await using exact = await openDestination({ isFolding: false });
    await exact.place(first);
    await expect(exact.place(second)).resolves.toBe(join(exact.directory, second));
  });

  it('keeps the name of a file under way from becoming a directory', async () => {
    await using destination = await openDestination();
    const path = await destination.place('a');
    await expect(destination.place('a/b/c')).rejects.toMatchObject({ code: 'local_create' });
    destination.release(path);
    await expect(destination.place('a/b/c')).resolves.toBe(join(destination.directory, 'a/b/c'));
  });
});
