import { access } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import { readRegularFile } from '../../read-regular-file.ts';
import type { InventoryFile } from './manifest.ts';

/** Where an inventory is. */
export interface InventoryLocation {
  /** The manifest, for messages. */
  readonly name: string;
  readonly readManifest: () => Promise<string>;
  /**
   * Finds one of its files, if that needs no request.
   * @returns a function that makes it available locally
   * @throws BreakwaterError `not_found`
   */
  readonly find: (file: InventoryFile) => Promise<() => Promise<InventoryCopy>>;
}

/** A file of an inventory that can be read until it is disposed. */
export interface InventoryCopy extends AsyncDisposable {
  /** For messages. */
  readonly name: string;
  readonly path: string;
}

/** An inventory in local files: the data is beside the manifest, or where S3 puts it (`../data/`). */
export function localInventory(path: string): InventoryLocation {
  return {
    name: path,
    readManifest: async () => {
      try {
        return await Promise.resolve(readRegularFile(path));
      } catch (error) {
        throw new BreakwaterError('not_found', `cannot read the inventory ${path}`, { cause: error });
      }
    },
    find: async (file) => {
      const found = await locate(path, file);
      const copy = { name: found, path: found, [Symbol.asyncDispose]: async () => await Promise.resolve() };
      return async () => await Promise.resolve(copy);
    },
  };
}

/** S3 writes `PREFIX/BUCKET/ID/DATE/manifest.json` and `PREFIX/BUCKET/ID/data/FILE`; a flat copy has everything in one directory. */
async function locate(manifestPath: string, { key }: InventoryFile): Promise<string> {
  const directory = dirname(manifestPath);
  const name = basename(key);
  const candidates = [
    join(directory, name),
    join(directory, 'data', name),
    join(directory, '..', 'data', name),
    join(directory, key),
  ];
  for (const path of candidates) {
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  throw new BreakwaterError(
    'not_found',
    `the inventory's file ${name} is neither beside ${manifestPath} nor in ../data`,
    {
      details: { hint: 'copy the whole inventory: the manifest and its data files' },
    },
  );
}
