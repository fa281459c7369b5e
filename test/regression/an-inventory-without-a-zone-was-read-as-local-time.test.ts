/**
 * Met: a sweep by an inventory whose times have no zone deleted what was 20 hours old with `--older-than 1d` where TZ was
 *   Pacific/Kiritimati, and left what was 30 hours old where it was Pacific/Pago_Pago.
 * Cause: JavaScript reads a time without a zone as local time.
 * Fix: such a time is in UTC, as all times of S3 are. Whatever else is not a time is unknown, and S3 is asked.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { localInventory } from '../../src/sweep/inventory/local-inventory.ts';
import { openInventory } from '../../src/sweep/inventory/inventory.ts';

const { TZ } = process.env;
afterEach(() => {
  if (TZ === undefined) delete process.env['TZ'];
  else process.env['TZ'] = TZ;
});

async function readTime(text: string): Promise<number | null | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-inventory-'));
  try {
    const csv = `"b","k","${text}"\n`;
    const md5 = createHash('md5').update(csv).digest('hex');
    const schema = 'Bucket, Key, LastModifiedDate';
    const files = [{ key: 'x/data/data.csv', size: csv.length, MD5checksum: md5 }];
    const manifest = { sourceBucket: 'b', fileFormat: 'CSV', fileSchema: schema, files };
    await writeFile(join(directory, 'data.csv'), csv);
    await writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest));
    const inventory = await openInventory(localInventory(join(directory, 'manifest.json')), 'b');
    for await (const [item] of inventory.read()) return item?.lastModifiedMs;
    return undefined;
  } finally {
    await rm(directory, { recursive: true });
  }
}

it.each(['UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'])('reads it in UTC where TZ is %s', async (zone) => {
  process.env['TZ'] = zone;
  expect(await readTime('2026-01-02T03:04:05')).toBe(Date.UTC(2026, 0, 2, 3, 4, 5));
});

it.each(['2026', '2026-01-02', 'Jan 2 2026', '2026-02-30T00:00:00', '1767323045', '0001-01-01T00:00:00Z', '-'])(
  'knows no time of %j',
  async (text) => {
    expect(await readTime(text)).toBeNull();
  },
);
