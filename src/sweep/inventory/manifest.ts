import { BreakwaterError } from '../../errors.ts';
import { readFields } from '../../read-fields.ts';

/** One data file of an inventory. */
export interface InventoryFile {
  /** The key in the bucket that contains the inventory. */
  readonly key: string;
  /** In hexadecimal. */
  readonly md5: string;
}

/** A `manifest.json` (S3 user guide, "Locating your inventory list"). */
export interface Manifest {
  /** The bucket that was listed. */
  readonly bucket: string;
  /** The fields of each row, in order: `Bucket`, `Key`, `Size` ... */
  readonly columns: readonly string[];
  readonly files: readonly InventoryFile[];
}

/**
 * Parses a manifest and checks that it belongs to the bucket to sweep.
 * @throws BreakwaterError `usage`
 */
export function parseManifest(text: string, { path, bucket }: { path: string; bucket: string }): Manifest {
  const manifest = readFields(parseJson(text, path));
  const { sourceBucket, fileFormat, fileSchema, files } = manifest;
  if (typeof sourceBucket !== 'string' || typeof fileSchema !== 'string' || !Array.isArray(files)) {
    throw refuse(`${path} is not a manifest of an S3 Inventory`, 'name the manifest.json of an inventory');
  }
  if (fileFormat !== 'CSV') {
    throw refuse(`the inventory ${path} is not CSV but ${JSON.stringify(fileFormat)}`, 'configure an inventory in CSV');
  }
  if (sourceBucket !== bucket) {
    throw refuse(
      `the inventory ${path} belongs to the bucket ${sourceBucket}, not to ${bucket}`,
      'sweep the bucket that was listed',
    );
  }
  const columns = fileSchema.split(',').map((column) => column.trim());
  if (!columns.includes('Bucket') || !columns.includes('Key')) {
    throw refuse(`the inventory ${path} has no column for the key`, 'configure an inventory in CSV');
  }
  return { bucket: sourceBucket, columns, files: files.map((file) => parseFile(file, path)) };
}

function parseFile(file: unknown, path: string): InventoryFile {
  const { key, MD5checksum } = readFields(file);
  if (typeof key !== 'string' || typeof MD5checksum !== 'string' || !/^[0-9a-f]{32}$/iu.test(MD5checksum)) {
    throw refuse(`${path} lists a file without a key or an MD5`, 'name the manifest.json of an inventory');
  }
  return { key, md5: MD5checksum.toLowerCase() };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuse(`${path} is not JSON`, 'name the manifest.json of an inventory', error);
  }
}

export function refuse(message: string, hint: string, cause?: unknown): BreakwaterError {
  return new BreakwaterError('usage', message, { details: { reason: 'inventory', hint }, cause });
}
