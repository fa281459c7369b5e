import { access } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import { readRegularFile } from '../../read-regular-file.ts';
import type { InventoryFile } from './manifest.ts';

/** Where an inventory is. */
export interface InventoryLocation {
  /** Of its manifest, as messages call it. */
  readonly name: string;
  readonly readManifest: () => Promise<string>;
  /**
   * Finds one of its files, where that costs nothing.
   * @returns what brings it here
   * @throws BreakwaterError `not_found`
   */
  readonly find: (file: InventoryFile) => Promise<() => Promise<InventoryCopy>>;
}

/** A file of an inventory that can be read here until it is disposed of. */
export interface InventoryCopy extends AsyncDisposable {
  /** As messages call it. */
  readonly name: string;
  readonly path: string;
}

/** An inventory in files of this machine: the data beside the manifest, or where S3 puts it (`../data/`). */
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

/** S3 writes `PREFIX/BUCKET/ID/DATE/manifest.json` and `PREFIX/BUCKET/ID/data/FILE`; a flat copy has all in one place. */
async function locate(manifestPath: string, { key }: InventoryFile): Promise<string> {
  const directory = dirname(manifestPath);
  const name = basename(key);
  const places = [
    join(directory, name),
    join(directory, 'data', name),
    join(directory, '..', 'data', name),
    join(directory, key),
  ];
  for (const place of places) {
    if (
      await access(place).then(
        () => true,
        () => false,
      )
    )
      return place;
  }
  throw new BreakwaterError(
    'not_found',
    `the inventory's file ${name} is neither beside ${manifestPath} nor in ../data`,
    {
      details: { hint: 'copy the whole inventory: the manifest and its data files' },
    },
  );
}
