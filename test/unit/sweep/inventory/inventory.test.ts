import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localInventory } from '../../../../src/sweep/inventory/local-inventory.ts';
import { openInventory } from '../../../../src/sweep/inventory/inventory.ts';
import type { SweepItem } from '../../../../src/sweep/sweep-item.ts';

const SCHEMA = 'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag';
const ROW = '"b","a%2Fb+c","","true","false","12","2026-01-02T03:04:05.000Z","d41d8cd98f00b204e9800998ecf8427e"';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-inventory-'));
});
afterEach(async () => await rm(directory, { recursive: true }));

/** Writes it as S3 does: the manifest in a directory with a date, data in a common one. */
async function write(
  csv: string,
  { schema = SCHEMA, manifest = {}, md5 }: { schema?: string; manifest?: object; md5?: string } = {},
): Promise<string> {
  const data = gzipSync(csv);
  await mkdir(join(directory, 'data'));
  await mkdir(join(directory, '2026-01-03T00-00Z'));
  await writeFile(join(directory, 'data', 'one.csv.gz'), data);
  const file = {
    key: 'to/b/id/data/one.csv.gz',
    size: data.length,
    MD5checksum: md5 ?? createHash('md5').update(data).digest('hex'),
  };
  const path = join(directory, '2026-01-03T00-00Z', 'manifest.json');
  const document = { sourceBucket: 'b', fileFormat: 'CSV', fileSchema: schema, files: [file], ...manifest };
  await writeFile(path, JSON.stringify(document));
  return path;
}

async function read(path: string): Promise<readonly SweepItem[]> {
  const items: SweepItem[] = [];
  for await (const page of (await openInventory(localInventory(path), 'b')).read()) items.push(...page);
  return items;
}

describe('openInventory', () => {
  it('reads what the rows tell of each object', async () => {
    expect(await read(await write(`${ROW}\n`))).toEqual([
      {
        key: 'a/b c',
        versionId: null,
        sizeBytes: 12,
        lastModifiedMs: Date.parse('2026-01-02T03:04:05.000Z'),
        etag: '"d41d8cd98f00b204e9800998ecf8427e"',
      },
    ]);
  });

  it('leaves open what it has no column for', async () => {
    expect(await read(await write('"b","k"\n', { schema: 'Bucket, Key' }))).toEqual([
      { key: 'k', versionId: null, sizeBytes: null, lastModifiedMs: null, etag: null },
    ]);
  });

  it('leaves out noncurrent versions and delete markers', async () => {
    const csv = [ROW, ROW.replace('"true","false"', '"false","false"'), ROW.replace('"true","false"', '"true","true"')];
    expect(await read(await write(csv.join('\n')))).toHaveLength(1);
  });

  it('reads quotes and commas inside of keys, and lines that end either way', async () => {
    const rows = ['"b","a,b"', '"b","say ""a"""', 'b,plain', '"b","line\nfeed"'];
    const items = await read(await write(`${rows.join('\r\n')}\r\n`, { schema: 'Bucket, Key' }));
    expect(items.map(({ key }) => key)).toEqual(['a,b', 'say "a"', 'plain', 'line\nfeed']);
  });

  it('reads only the files of its shard, of which the others need not be there', async () => {
    const digest = createHash('md5').update(gzipSync('"b","mine"\n')).digest('hex');
    const files = [1, 2, 3].map((number) => ({ key: `data/${number}.csv.gz`, size: 1, MD5checksum: digest }));
    const path = await write('"b","k"\n', { schema: 'Bucket, Key', manifest: { files } });
    await writeFile(join(directory, 'data', '2.csv.gz'), gzipSync('"b","mine"\n'));
    const { read: readShard } = await openInventory(localInventory(path), 'b', { number: 2, of: 3 });
    const keys: string[] = [];
    for await (const page of readShard()) keys.push(...page.map(({ key }) => key));
    expect(keys).toEqual(['mine']);
    const beyond = await openInventory(localInventory(path), 'b', { number: 5, of: 5 });
    expect(await beyond.read()[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
    await expect(openInventory(localInventory(path), 'b', { number: 1, of: 3 })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('reads many pages of rows', async () => {
    const rows = Array.from({ length: 2345 }, (_, index) => `"b","k${index}"`);
    const items = await read(await write(rows.join('\n'), { schema: 'Bucket, Key' }));
    expect(new Set(items.map(({ key }) => key)).size).toBe(2345);
  });

  it.each([
    ['of another bucket', ROW, { manifest: { sourceBucket: 'other' } }],
    ['in another format', ROW, { manifest: { fileFormat: 'Parquet' } }],
    ['without keys', ROW, { schema: 'Bucket, Size' }],
    ['with a file that is not the one that S3 wrote', ROW, { md5: '0'.repeat(32) }],
    ['with a row of another bucket', ROW.replace('"b"', '"c"'), {}],
    ['with a row of other columns', '"b","k"\n', {}],
    ['with a row that never closes its quote', `${ROW}\n"b","k`, {}],
    ['that is no inventory', ROW, { manifest: { files: 'none' } }],
  ])('refuses one %s', async (_what, csv, options) => {
    const path = await write(csv, options);
    await expect(read(path)).rejects.toMatchObject({ code: 'usage', details: { reason: 'inventory' } });
  });

  it.each([
    ['IsLatest', 'FALSE'],
    ['IsLatest', '0'],
    ['IsDeleteMarker', 'True'],
    ['IsDeleteMarker', '1'],
  ])('takes no object from a row with %s "%s"', async (column, text) => {
    const was = column === 'IsLatest' ? '"true"' : '"false"';
    expect(await read(await write(`${ROW.replace(was, `"${text}"`)}\n`))).toEqual([]);
  });

  it('counts rows from 1', async () => {
    const path = await write(`${ROW}\n${ROW}\n"b","k"\n`);
    await expect(read(path)).rejects.toThrow(/row 3: it has 2 fields/u);
  });

  it('says which file is missing', async () => {
    const path = await write(ROW);
    await rm(join(directory, 'data'), { recursive: true });
    await expect(read(path)).rejects.toMatchObject({ code: 'not_found' });
  });
});
