/**
 * Met: a sweep by an inventory with a Latin-1 key deleted another object, whose key has U+FFFD in its place.
 * Cause: the file was decoded as UTF-8, and bytes that are none became U+FFFD.
 * Fix: such bytes end the sweep at their rows with status 2, as in a list of keys.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { localInventory } from '../../src/sweep/inventory/local-inventory.ts';
import { openInventory } from '../../src/sweep/inventory/inventory.ts';

async function readKeys(csv: Buffer): Promise<readonly string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-inventory-'));
  try {
    const files = [{ key: 'data.csv', size: csv.length, MD5checksum: createHash('md5').update(csv).digest('hex') }];
    const manifest = { sourceBucket: 'b', fileFormat: 'CSV', fileSchema: 'Bucket, Key', files };
    await writeFile(join(directory, 'data.csv'), csv);
    await writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest));
    const inventory = await openInventory(localInventory(join(directory, 'manifest.json')), 'b');
    const keys: string[] = [];
    for await (const page of inventory.read()) keys.push(...page.map(({ key }) => key));
    return keys;
  } finally {
    await rm(directory, { recursive: true });
  }
}

it.each([
  ['in the middle', '"b","caf\xe9.txt"\n'],
  ['at the end', '"b","caf\xc3'],
])('refuses bytes that are not UTF-8, %s', async (_what, csv) => {
  await expect(readKeys(Buffer.from(csv, 'latin1'))).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('is not UTF-8') as string,
  });
});

it('reads characters that span two reads of the file', async () => {
  // Two bytes a character at odd offsets: every boundary of 64 KiB lies inside one.
  const rows = Array.from({ length: 20 }, (_, index) => `"b","${index % 10}${'é'.repeat(5000)}"\n`);
  const keys = await readKeys(Buffer.from(rows.join('')));
  expect(keys).toEqual(Array.from({ length: 20 }, (_, index) => `${index % 10}${'é'.repeat(5000)}`));
});
