import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { BreakwaterError } from '../../errors.ts';
import { readCsvRows } from './csv.ts';
import type { InventoryCopy, InventoryLocation } from './local-inventory.ts';
import { parseManifest, refuse, type InventoryFile, type Manifest } from './manifest.ts';
import { takeEveryNth, type Shard } from '../shard.ts';
import type { SweepItem } from '../sweep-item.ts';
import { parseUtcTime, sinceS3Began } from '../../wire-time.ts';

const PAGE_MAX = 1000;

/** Of the files of an inventory, all. */
const WHOLE: Shard = { number: 1, of: 1 };

/** An inventory whose files were found. Can be read repeatedly. */
export interface Inventory {
  readonly manifest: Manifest;
  /** The current objects, at most 1,000 per page, without noncurrent versions and delete markers. */
  readonly read: () => AsyncIterable<readonly SweepItem[]>;
  /** The local files that belong to it, also those of other shards, by every name that they may have. */
  readonly files: readonly string[];
}

/**
 * Opens an S3 Inventory from its `manifest.json`. Each file is checked against its MD5 in the manifest before use.
 * @param shard reads every Nth file only; the others need not be there
 * @throws BreakwaterError `usage` if it is not an inventory of `bucket`, or if a file is not the one that S3 wrote;
 * `not_found` for a missing file
 */
export async function openInventory(
  location: InventoryLocation,
  bucket: string,
  shard: Shard | null = null,
): Promise<Inventory> {
  const manifest = parseManifest(await location.readManifest(), { path: location.name, bucket });
  const files: { readonly file: InventoryFile; readonly open: () => Promise<InventoryCopy> }[] = [];
  for (const file of takeEveryNth(manifest.files, shard ?? WHOLE))
    files.push({ file, open: await location.find(file) });
  return {
    manifest,
    files: location.localFiles(manifest.files),
    read: async function* read() {
      for (const { file, open } of files) {
        await using copy = await open();
        await checkDigest(copy, file);
        yield* readPages(copy, manifest);
      }
    },
  };
}

async function checkDigest({ name, path }: InventoryCopy, { md5 }: InventoryFile): Promise<void> {
  const hash = createHash('md5');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  if (hash.digest('hex') === md5) return;
  throw refuse(`${name} is not the file that the inventory names: its MD5 differs`, 'copy it again');
}

async function* readPages(copy: InventoryCopy, { columns, bucket }: Manifest): AsyncGenerator<readonly SweepItem[]> {
  let page: SweepItem[] = [];
  // Of the row that is being read.
  let number = 1;
  try {
    for await (const row of readCsvRows(readLines(copy))) {
      const item = parseRow(row, { columns, bucket });
      number += 1;
      if (item !== null) page.push(item);
      if (page.length < PAGE_MAX) continue;
      yield page;
      page = [];
    }
  } catch (error) {
    if (error instanceof BreakwaterError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    // Its MD5 is that of the manifest, so another copy would be the same.
    throw refuse(`${copy.name}, row ${number}: ${why}`, 'S3 wrote it so: use another inventory');
  }
  if (page.length > 0) yield page;
}

async function* readLines({ name, path }: InventoryCopy): AsyncGenerator<string> {
  const file = createReadStream(path);
  const plain = name.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  // A pipe does not forward errors, so an unreadable file would otherwise end the process.
  file.on('error', (error) => plain.destroy(error));
  const decode = createDecoder();
  for await (const chunk of plain) yield decode(chunk as Buffer);
  yield decode(null);
}

/** Decodes UTF-8, of which a character may span chunks. Other bytes would become the name of another key, and fail. */
function createDecoder(): (chunk: Buffer | null) => string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return (chunk) => {
    try {
      return chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw new Error('it or a later row is not UTF-8', { cause: error });
    }
  };
}

function isFlag(text: string, word: 'true' | 'false'): boolean {
  return text.toLowerCase() === word;
}

/** @returns null unless the row is a current object */
function parseRow(row: readonly string[], { columns, bucket }: Pick<Manifest, 'columns' | 'bucket'>): SweepItem | null {
  const field = (name: string): string | null => {
    const index = columns.indexOf(name);
    const text = index === -1 ? '' : (row[index] ?? '');
    return text === '' ? null : text;
  };
  if (row.length !== columns.length) throw new Error(`it has ${row.length} fields instead of ${columns.length}`);
  if (field('Bucket') !== bucket) throw new Error(`it belongs to the bucket ${JSON.stringify(field('Bucket'))}`);
  const key = field('Key');
  if (key === null) throw new Error('it has no key');
  // In any spelling: what may be a noncurrent version is not taken for the object.
  if (!isFlag(field('IsLatest') ?? 'true', 'true') || !isFlag(field('IsDeleteMarker') ?? 'false', 'false')) return null;
  const size = field('Size');
  const modifiedMs = parseUtcTime(field('LastModifiedDate') ?? '');
  const etag = field('ETag');
  return {
    // S3 encodes keys in an inventory as in a URL query: percent-encoded, with a space as a plus.
    key: decodeURIComponent(key.replaceAll('+', '%20')),
    versionId: null,
    sizeBytes: size === null || !/^\d+$/u.test(size) ? null : Number(size),
    lastModifiedMs: modifiedMs === null ? null : sinceS3Began(modifiedMs),
    etag: etag === null ? null : `"${etag.replaceAll('"', '')}"`,
  };
}
